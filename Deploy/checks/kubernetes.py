"""Checks what kubectl makes of Deploy/kubernetes, object by object.

Kubernetes' own kinds are checked against its published schemas, strictly; those of the Prometheus Operator and
of KEDA against the lists in kubernetes/fields. Then: what one object says of another must be so.
"""

import json
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import yaml
from jsonschema import Draft202012Validator

HERE = Path(__file__).resolve().parent.parent / "kubernetes"
# The oldest and the newest that are supported.
VERSIONS = ["1.30", "1.34"]
# Made by hand, outside of the repository, with these keys.
SECRETS = {
    "rollcall-database": {"url"},
    "rollcall-database-owner": {"url"},
    "rollcall-kafka": {"properties", "mechanism", "username", "password", "tls"},
}

faults = []


def fault(item, message):
    faults.append(f"{item['kind']}/{item['metadata']['name']}: {message}")


def objects(folder):
    made = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True)
    if made.returncode:
        sys.exit(f"{folder}: {made.stderr.strip()}")
    return list(yaml.safe_load_all(made.stdout))


def check_fields(item):
    list_of_fields = HERE / "fields" / f"{item['kind']}.json"
    if list_of_fields.exists():
        schema = json.loads(list_of_fields.read_text())
        for error in Draft202012Validator(schema).iter_errors(item):
            fault(item, f"{error.json_path}: {error.message}")
        return
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(item, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            fault(item, f"{version}: {'.'.join(map(str, error.path))}: {error.message}")
        except kubernetes_validate.SchemaNotFoundError:
            fault(item, f"expected a kind that is known in {version} or in kubernetes/fields")


def containers(pod):
    return pod.get("initContainers", []) + pod["containers"]


def check_pod(item, configs):
    """Whatever a pod names is there, and it may do no more than it must."""
    pod = item["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for volume in volumes.values():
        if "secret" in volume and volume["secret"]["secretName"] not in SECRETS:
            fault(item, f"expected a secret of {sorted(SECRETS)}, got {volume['secret']['secretName']}")
        if "configMap" in volume and volume["configMap"]["name"] not in configs:
            fault(item, f"expected a ConfigMap of {sorted(configs)}, got {volume['configMap']['name']}")
    if not pod["securityContext"].get("runAsNonRoot"):
        fault(item, "expected runAsNonRoot")
    for container in containers(pod):
        name = container["name"]
        context = container.get("securityContext", {})
        if not context.get("readOnlyRootFilesystem") or context.get("allowPrivilegeEscalation") is not False:
            fault(item, f"{name}: expected a read-only root file system and no escalation of privileges")
        if context.get("capabilities", {}).get("drop") != ["ALL"]:
            fault(item, f"{name}: expected all capabilities to be dropped")
        if "memory" not in container.get("resources", {}).get("limits", {}):
            fault(item, f"{name}: expected a limit of memory")
        if container["image"].endswith(":latest") or ":" not in container["image"]:
            fault(item, f"{name}: expected an image with a version, got {container['image']}")
        for source in container.get("envFrom", []):
            if source["configMapRef"]["name"] not in configs:
                fault(item, f"{name}: expected a ConfigMap of {sorted(configs)}, got {source}")
        for mount in container["volumeMounts"]:
            if mount["name"] not in volumes:
                fault(item, f"{name}: expected a volume of {sorted(volumes)}, got {mount['name']}")
        check_files(item, container, volumes, configs)


def check_files(item, container, volumes, configs):
    """Each file that a variable names is in a volume that is mounted there."""
    for variable in container["env"]:
        path = variable["value"]
        found = False
        for mount in container["volumeMounts"]:
            volume = volumes[mount["name"]]
            if "secret" in volume:
                keys = SECRETS.get(volume["secret"]["secretName"], set())
            else:
                keys = configs.get(volume["configMap"]["name"], {}).keys()
            if "subPath" in mount:
                found |= mount["mountPath"] == path and mount["subPath"] in keys
            else:
                found |= path in {f"{mount['mountPath']}/{key}" for key in keys}
        if not found:
            fault(item, f"{container['name']}: {variable['name']}: expected a file that is mounted, got {path}")


def check_worker(worker, settings):
    pod = worker["spec"]["template"]["spec"]
    ports = {port["name"] for port in pod["containers"][0]["ports"]}
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"]:
        if pod["containers"][0][probe]["httpGet"]["port"] not in ports:
            fault(worker, f"{probe}: expected a port of {sorted(ports)}")
    grace = int(settings.get("shutdown", {}).get("grace", "25s").removesuffix("s"))
    if pod["terminationGracePeriodSeconds"] < grace + 15:
        fault(worker, f"terminationGracePeriodSeconds: expected at least shutdown.grace ({grace}) and 15")


def check_selectors(items, labels, name):
    for item in items:
        spec = item.get("spec", {})
        selector = spec.get("selector") if item["kind"] != "NetworkPolicy" else spec["podSelector"]
        for key, value in (selector or {}).get("matchLabels", {}).items():
            if labels.get(key) != value:
                fault(item, f"selector: expected what workers have, got {key}={value}")
        target = spec.get("scaleTargetRef", {}).get("name", name)
        if target != name:
            fault(item, f"scaleTargetRef: expected {name}, got {target}")


def check(folder):
    items = objects(folder)
    for item in items:
        check_fields(item)
    if faults:
        return
    configs = {item["metadata"]["name"]: item.get("data", {}) for item in items if item["kind"] == "ConfigMap"}
    by_kind = {}
    for item in items:
        by_kind.setdefault(item["kind"], []).append(item)
    for item in by_kind["Deployment"] + by_kind["Job"]:
        check_pod(item, configs)
    worker = by_kind["Deployment"][0]
    text = next(data["rollcall.yaml"] for data in configs.values() if "rollcall.yaml" in data)
    check_worker(worker, yaml.safe_load(text))
    check_selectors(items, worker["spec"]["template"]["metadata"]["labels"], worker["metadata"]["name"])
    authentications = {item["metadata"]["name"] for item in by_kind.get("TriggerAuthentication", [])}
    for item in by_kind.get("TriggerAuthentication", []):
        for reference in item["spec"]["secretTargetRef"]:
            if reference["key"] not in SECRETS.get(reference["name"], set()):
                fault(item, f"expected a secret and a key of {SECRETS}, got {reference}")
    for item in by_kind.get("ScaledObject", []):
        if "replicas" in worker["spec"]:
            fault(worker, "expected no replicas where KEDA says how many there are")
        for trigger in item["spec"]["triggers"]:
            if trigger["authenticationRef"]["name"] not in authentications:
                fault(item, f"expected an authentication of {sorted(authentications)}, got {trigger}")


for folder in sorted((HERE / "overlays").iterdir()):
    check(folder)
for line in faults:
    print(line)
sys.exit(1 if faults else 0)
