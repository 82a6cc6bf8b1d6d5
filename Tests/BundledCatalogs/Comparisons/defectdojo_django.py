"""The backfill with Django's ORM, as DefectDojo's own migration does it: memberships are read, groups
are expanded into a set in Python, and the pairs go in with `bulk_create`, 1,000 at a time.

Takes a connection string of libpq.
"""

import sys

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

place = conninfo_to_dict(sys.argv[1])
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": place["dbname"],
            "USER": place["user"],
            "HOST": place["host"],
            "PORT": place["port"],
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
)
django.setup()

from django.db import models, transaction  # noqa: E402


def table(name, /, **columns):
    """A model of a table that is there."""
    meta = type("Meta", (), {"app_label": "bench", "managed": False, "db_table": name})
    return type(name, (models.Model,), {"__module__": __name__, "Meta": meta, **columns})


def number():
    return models.IntegerField()


User = table(
    "auth_user", is_superuser=models.BooleanField(), is_staff=models.BooleanField()
)
Role = table("dojo_role", name=models.TextField())
GlobalRole = table(
    "dojo_global_role",
    user_id=models.IntegerField(null=True),
    group_id=models.IntegerField(null=True),
    role=models.ForeignKey(Role, models.DO_NOTHING, null=True),
)
GroupMember = table("dojo_dojo_group_member", group_id=number(), user_id=number())
ProductMember = table("dojo_product_member", product_id=number(), user_id=number())
ProductGroup = table("dojo_product_group", product_id=number(), group_id=number())
TypeMember = table("dojo_product_type_member", product_type_id=number(), user_id=number())
TypeGroup = table("dojo_product_type_group", product_type_id=number(), group_id=number())
ProductUser = table(
    "dojo_product_authorized_users", product_id=number(), dojo_user_id=number()
)
TypeUser = table(
    "dojo_product_type_authorized_users", product_type_id=number(), dojo_user_id=number()
)


def users_with(roles):
    users = set()
    for user, group in GlobalRole.objects.filter(role__name__in=roles).values_list(
        "user_id", "group_id"
    ):
        if user is not None:
            users.add(user)
        if group is not None:
            users.update(members.get(group, ()))
    return users


def fill(model, target, member_model, group_model):
    pairs = set(member_model.objects.values_list(target, "user_id"))
    for key, group in group_model.objects.values_list(target, "group_id"):
        pairs.update((key, user) for user in members.get(group, ()))
    model.objects.bulk_create(
        (model(**{target: key, "dojo_user_id": user}) for key, user in pairs),
        batch_size=1000,
        ignore_conflicts=True,
    )


with transaction.atomic():
    members = {}
    for group, user in GroupMember.objects.values_list("group_id", "user_id"):
        members.setdefault(group, set()).add(user)
    User.objects.filter(id__in=users_with(["Owner"]), is_superuser=False).update(is_superuser=True)
    User.objects.filter(
        id__in=users_with(["Writer", "Maintainer", "API_Importer"]), is_staff=False
    ).update(is_staff=True)
    fill(ProductUser, "product_id", ProductMember, ProductGroup)
    fill(TypeUser, "product_type_id", TypeMember, TypeGroup)
