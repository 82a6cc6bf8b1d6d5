"""A consumer as it is usually written, but without a query for each member: a transaction a job.

Takes a connection string, brokers, topic, group and properties as JSON.
"""

import json
import signal
import sys

import psycopg
from confluent_kafka import Consumer

conninfo, brokers, topic, group, properties = sys.argv[1:]
connection = psycopg.connect(conninfo)
consumer = Consumer(
    {
        "bootstrap.servers": brokers,
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        **json.loads(properties),
    }
)

KEEP = """
    INSERT INTO receipt (id, items, rejected, state, target) VALUES (%s, %s, 0, 'succeeded', %s)
    ON CONFLICT DO NOTHING RETURNING true"""
REMOVE = "DELETE FROM school.enrollment WHERE course_id = %s AND user_id = ANY(%s::int[])"
ADD = """
    INSERT INTO school.enrollment AS e (id, course_id, user_id, role)
    SELECT left(encode(sha256(convert_to(c.id || '::' || u.id, 'UTF8')), 'hex'), 32), c.id, u.id, %s
    FROM school.course c, school.users u
    WHERE c.id = %s AND NOT c.closed AND u.id = ANY(%s::int[])
    ON CONFLICT (course_id, user_id) DO UPDATE SET role = excluded.role
    WHERE e.role IS DISTINCT FROM excluded.role"""
REJECTED = """
    UPDATE receipt SET rejected = r.rejected, state = 'succeeded_with_rejections'
    FROM (SELECT %s - count(*) AS rejected FROM school.course c, school.users u
          WHERE c.id = %s AND NOT c.closed AND u.id = ANY(%s::int[])) r
    WHERE receipt.id = %s AND r.rejected > 0"""


def execute(message):
    if message.error():
        raise RuntimeError(message.error())
    event = json.loads(message.value())
    data = event["data"]
    target, members = data["target"], data["members"]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(KEEP, [event["id"], len(members), str(target)])
        if cursor.fetchone() is None:
            return
        if event["type"] == "rollcall.unassign":
            cursor.execute(REMOVE, [target, members])
            return
        cursor.execute(ADD, [data["attributes"]["role"], target, members])
        if cursor.rowcount < len(members):
            cursor.execute(REJECTED, [len(members), target, members, event["id"]])


def assigned(_, partitions):
    if partitions:
        print("ready", flush=True)


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
consumer.subscribe([topic], on_assign=assigned)
try:
    while True:
        message = consumer.poll(0.05)
        if message is not None:
            execute(message)
            consumer.commit(message, asynchronous=True)
finally:
    consumer.close()
