"""Checks the alerts and the dashboard: promtool reads every expression, and what people need is there."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent.parent
PROMTOOL = sys.argv[1]
faults = []


def promtool(*words):
    made = subprocess.run([PROMTOOL, *words], capture_output=True, text=True)
    if made.returncode:
        faults.append((made.stdout + made.stderr).strip())


def check_alerts():
    rules = HERE / "prometheus/rollcall.rules.yaml"
    tests = HERE / "prometheus/rollcall.test.yaml"
    promtool("check", "rules", str(rules))
    promtool("test", "rules", str(tests))
    firing, silent = set(), set()
    for test in yaml.safe_load(tests.read_text())["tests"]:
        for case in test["alert_rule_test"]:
            (firing if case.get("exp_alerts") else silent).add(case["alertname"])
    for group in yaml.safe_load(rules.read_text())["groups"]:
        for rule in group["rules"]:
            name = rule["alert"]
            if rule["labels"].get("severity") not in ["page", "ticket"]:
                faults.append(f"{name}: expected a severity, page or ticket")
            for key in ["summary", "description", "runbook_url"]:
                if not rule["annotations"].get(key):
                    faults.append(f"{name}: expected an annotation {key}")
            if not rule["annotations"].get("runbook_url", "").endswith(f"#{name}"):
                faults.append(f"{name}: expected a runbook_url that ends in #{name}")
            if name not in firing or name not in silent:
                faults.append(f"{name}: expected a test in which it fires, and one in which it does not")


def check_dashboard():
    board = json.loads((HERE / "grafana/rollcall.json").read_text())
    expressions = [(item["name"], item["expr"]) for item in board["annotations"]["list"]]
    ids = [panel["id"] for panel in board["panels"]]
    if len(ids) != len(set(ids)):
        faults.append("expected each panel to have an id of its own")
    known = {variable["name"] for variable in board["templating"]["list"]}
    known |= {"__rate_interval", "__range"}
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            expressions.append((panel["title"], target["expr"]))
            if target["datasource"]["uid"] != "${datasource}":
                faults.append(f"{panel['title']}: expected the data source that is chosen")
    places = sorted((p["gridPos"]["y"], p["gridPos"]["x"], p["gridPos"]["w"]) for p in board["panels"])
    for (y, x, width), (next_y, next_x, _) in zip(places, places[1:]):
        if y == next_y and x + width > next_x:
            faults.append(f"expected no panels over each other, got two in row {y}")
    rules = []
    for title, expression in expressions:
        for name in re.findall(r"\$\{?(\w+)", expression):
            if name not in known:
                faults.append(f"{title}: expected a variable of {sorted(known)}, got {name}")
        # What Grafana would put in.
        text = re.sub(r"\$(__rate_interval|__range)\b", "5m", expression)
        rules.append({"record": f"expression:{len(rules)}", "expr": re.sub(r"\$\w+", "x", text)})
    if len(rules) < 20:
        faults.append(f"expected the dashboard's expressions, got {len(rules)}")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
        file.flush()
        promtool("check", "rules", file.name)


check_alerts()
check_dashboard()
for fault in faults:
    print(fault)
sys.exit(1 if faults else 0)
