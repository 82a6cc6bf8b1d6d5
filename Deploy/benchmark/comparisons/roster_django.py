"""The roster with Django's ORM: `loop` asks for each person, `bulk` sends 1,000 at a time.

Takes a connection string, `loop` or `bulk`, and the file.
"""

import csv
import hashlib
import sys

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

COURSE = 42

conninfo, way, path = sys.argv[1:]
place = conninfo_to_dict(conninfo)
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": place["dbname"],
            "USER": place["user"],
            "HOST": place["host"],
            "PORT": place["port"],
            "OPTIONS": {"options": "-c search_path=school"},
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
)
django.setup()

from django.db import models, transaction  # noqa: E402


class User(models.Model):
    username = models.TextField(unique=True)
    full_name = models.CharField(max_length=255)

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "users"


class Enrollment(models.Model):
    id = models.CharField(max_length=32, primary_key=True)
    course_id = models.IntegerField()
    user_id = models.IntegerField()
    role = models.TextField()

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "enrollment"


def identity(user):
    return hashlib.sha256(f"{COURSE}::{user}".encode()).hexdigest()[:32]


def loop(rows):
    for row in rows:
        user, is_new = User.objects.get_or_create(
            username=row["username"], defaults={"full_name": row["full_name"]}
        )
        if not is_new and user.full_name != row["full_name"]:
            user.full_name = row["full_name"]
            user.save(update_fields=["full_name"])
        Enrollment.objects.get_or_create(
            course_id=COURSE,
            user_id=user.id,
            defaults={"id": identity(user.id), "role": row["role"]},
        )


def bulk(rows):
    rows = list(rows)
    User.objects.bulk_create(
        [User(username=row["username"], full_name=row["full_name"]) for row in rows],
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["username"],
        update_fields=["full_name"],
    )
    users = dict(User.objects.values_list("username", "id"))
    Enrollment.objects.bulk_create(
        [
            Enrollment(
                id=identity(users[row["username"]]),
                course_id=COURSE,
                user_id=users[row["username"]],
                role=row["role"],
            )
            for row in rows
        ],
        batch_size=1000,
        ignore_conflicts=True,
    )


with open(path, newline="", encoding="utf-8") as file, transaction.atomic():
    {"loop": loop, "bulk": bulk}[way](csv.DictReader(file))
