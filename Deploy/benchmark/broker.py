"""A private broker that keeps its messages, unlike the embedded one."""

import itertools
import os
import signal
import subprocess
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from benchmark import processes
from benchmark.place import free_port

PARTITIONS = 12
KINDS = {
    "assignments": "ASSIGNMENTS",
    "roster-imports": "ROSTER_IMPORTS",
    "backfills": "BACKFILLS",
    "dead-letters": "DEAD_LETTERS",
    "job-events": "JOB_EVENTS",
}


class Broker:
    def __init__(self, place):
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self._log = open(place.file("broker.log"), "w+")
        self._process = subprocess.Popen(
            [place.directory / "venv/bin/noida-db", "start", "--only", "kafka"]
            + ["--kafka-port", str(port), "--data-dir", place.file("broker")],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self._numbers = itertools.count(1)
        self._producer = Producer(
            {
                "bootstrap.servers": self.address,
                # As the Java client does, so that one key is one partition for everybody.
                "partitioner": "murmur2_random",
                "linger.ms": 20,
                "queue.buffering.max.messages": 2_000_000,
                "queue.buffering.max.kbytes": 2_000_000,
                "message.max.bytes": 8_000_000,
                # It would tell of every connection that ends with the broker.
                "log_level": 2,
            }
        )
        self._admin = AdminClient({"bootstrap.servers": self.address, "log_level": 2})
        self._wait()

    def _wait(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                self._admin.list_topics(timeout=1)
                return
            except Exception as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._log.seek(0)
                    raise RuntimeError(f"the broker did not start: {self._log.read()}") from error

    def topics(self):
        """Fresh topics, and a name for the group that reads them."""
        number = next(self._numbers)
        topics = Topics(f"bench-{number}")
        for future in self._admin.create_topics(
            [NewTopic(name, PARTITIONS, 1) for name in topics.names.values()]
        ).values():
            future.result()
        return topics

    def forget(self, topics):
        for future in self._admin.delete_topics(list(topics.names.values())).values():
            future.result()

    def produce(self, topic, messages):
        """Returns when the broker has all messages, pairs of key and value."""
        failures = []

        def delivered(error, _):
            if error is not None:
                failures.append(error)

        for count, (key, value) in enumerate(messages):
            self._producer.produce(topic, value, key, on_delivery=delivered)
            if count % 1000 == 0:
                self._producer.poll(0)
        self._producer.flush()
        if failures:
            raise RuntimeError(f"expected all messages to be delivered, got {failures[0]}")

    def stop(self):
        # The program on the path only starts another one.
        for child in processes.children(self._process.pid):
            os.kill(child, signal.SIGTERM)
        processes.stop(self._process)
        self._log.close()


class Topics:
    def __init__(self, prefix):
        self.group = prefix
        self.names = {kind: f"{prefix}-{kind}" for kind in KINDS}
        self.assignments = self.names["assignments"]

    def environment(self):
        return {
            "ROLLCALL_KAFKA_GROUP": self.group,
            **{
                f"ROLLCALL_KAFKA_TOPICS_{variable}": self.names[kind]
                for kind, variable in KINDS.items()
            },
        }
