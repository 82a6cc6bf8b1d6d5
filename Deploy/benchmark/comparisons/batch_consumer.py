"""A careful consumer: 500 jobs folded in memory, a few statements with arrays, one transaction.

It recognises jobs that it has done, keeps what became of each, commits offsets after the data, and goes
on after a rebalance. Takes a connection string, brokers, topic, group and properties as JSON.
"""

import json
import signal
import sys

import psycopg
from confluent_kafka import Consumer

BATCH = 500

conninfo, brokers, topic, group, properties = sys.argv[1:]
connection = psycopg.connect(conninfo)
consumer = Consumer(
    {
        "bootstrap.servers": brokers,
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "partition.assignment.strategy": "cooperative-sticky",
        **json.loads(properties),
    }
)

CLAIM = "SELECT id FROM receipt WHERE id = ANY(%s::uuid[])"
USERS = "SELECT id FROM school.users WHERE id = ANY(%s::int[])"
COURSES = "SELECT id FROM school.course WHERE id = ANY(%s::int[]) AND NOT closed"
REMOVE = """
    DELETE FROM school.enrollment e USING unnest(%s::int[], %s::int[]) AS i (course_id, user_id)
    WHERE e.course_id = i.course_id AND e.user_id = i.user_id"""
ADD = """
    INSERT INTO school.enrollment AS e (id, course_id, user_id, role)
    SELECT left(encode(sha256(convert_to(course_id || '::' || user_id, 'UTF8')), 'hex'), 32),
      course_id, user_id, role
    FROM unnest(%s::int[], %s::int[], %s::text[]) AS i (course_id, user_id, role)
    ORDER BY course_id, user_id
    ON CONFLICT (course_id, user_id) DO UPDATE SET role = excluded.role
    WHERE e.role IS DISTINCT FROM excluded.role"""
KEEP = """
    INSERT INTO receipt (id, items, rejected, state, target)
    SELECT * FROM unnest(%s::uuid[], %s::int[], %s::int[], %s::text[], %s::text[])"""


def execute(messages):
    jobs = {}
    for message in messages:
        if message.error():
            raise RuntimeError(message.error())
        event = json.loads(message.value())
        jobs.setdefault(event["id"], event)
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(CLAIM, [list(jobs)])
        for (known,) in cursor.fetchall():
            del jobs[str(known)]
        if not jobs:
            return
        users = {member for job in jobs.values() for member in job["data"]["members"]}
        cursor.execute(USERS, [list(users)])
        users = {row[0] for row in cursor.fetchall()}
        cursor.execute(COURSES, [list({job["data"]["target"] for job in jobs.values()})])
        courses = {row[0] for row in cursor.fetchall()}
        roles, receipts = {}, []
        for number, job in jobs.items():
            data, rejected = job["data"], 0
            target, members = data["target"], data["members"]
            if job["type"] == "rollcall.unassign":
                for member in members:
                    roles[(target, member)] = None
            else:
                role = data["attributes"]["role"]
                for member in members:
                    if member in users and target in courses:
                        roles[(target, member)] = role
                    else:
                        rejected += 1
            state = "succeeded_with_rejections" if rejected else "succeeded"
            receipts.append((number, len(members), rejected, state, str(target)))
        removed = [pair for pair, role in roles.items() if role is None]
        added = [(*pair, role) for pair, role in roles.items() if role is not None]
        if removed:
            cursor.execute(REMOVE, [list(column) for column in zip(*removed)])
        if added:
            cursor.execute(ADD, [list(column) for column in zip(*added)])
        cursor.execute(KEEP, [list(column) for column in zip(*receipts)])


def assigned(_, partitions):
    if partitions:
        print("ready", flush=True)


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
consumer.subscribe([topic], on_assign=assigned)
try:
    while True:
        messages = consumer.consume(BATCH, timeout=0.05)
        if messages:
            execute(messages)
            consumer.commit(asynchronous=True)
finally:
    consumer.close()
