"""The topics of a group, on a broker that is there for this group alone."""

from confluent_kafka import Producer

PARTITIONS = 12
# The most that a message is longer for the broker than its value: key, lengths and times.
OVERHEAD = 64
KINDS = {
    "assignments": "ASSIGNMENTS",
    "roster-imports": "ROSTER_IMPORTS",
    "backfills": "BACKFILLS",
    "dead-letters": "DEAD_LETTERS",
    "job-events": "JOB_EVENTS",
}


class Topics:
    def __init__(self, broker, group):
        self._broker = broker
        self.brokers = broker.address
        self.group = group
        # What whoever consumes tells librdkafka.
        self.properties = broker.properties
        self.names = {kind: f"{group}-{kind}" for kind in KINDS}
        self.assignments = self.names["assignments"]
        # Bytes, by partition.
        self._sent = [0] * PARTITIONS
        broker.create(self.names.values(), PARTITIONS)
        self._producer = Producer(
            {
                "bootstrap.servers": broker.address,
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

    def environment(self):
        return {
            "ROLLCALL_KAFKA_BROKERS": self.brokers,
            "ROLLCALL_KAFKA_GROUP": self.group,
            "ROLLCALL_KAFKA_PROPERTIES": ";".join(
                f"{name}={value}" for name, value in self.properties.items()
            ),
            **{
                f"ROLLCALL_KAFKA_TOPICS_{variable}": self.names[kind]
                for kind, variable in KINDS.items()
            },
        }

    def produce(self, messages):
        """Returns when the broker has all jobs, pairs of key and value."""
        failures = []

        def delivered(error, message):
            if error is not None:
                failures.append(error)
            else:
                self._sent[message.partition()] += len(message) + OVERHEAD

        for count, (key, value) in enumerate(messages):
            self._producer.produce(self.assignments, value, key, on_delivery=delivered)
            if count % 1000 == 0:
                self._producer.poll(0)
        self._producer.flush()
        if failures:
            raise RuntimeError(f"expected all messages to be delivered, got {failures[0]}")
        self._broker.check(max(self._sent))

    def stop(self):
        self._broker.stop()
