import Postgres

/// The SQL that reads what became of jobs.
struct StatusStatements {
    /// The rows of jobs by `$1`, their ids.
    let jobs: String
    /// The dead letters at the places `$1`, `$2`, `$3` that were kept since `$4`.
    let deadLetters: String
    /// Which of the places `$1`, `$2`, `$3` hold a repetition of the jobs `$4`.
    ///
    /// No view tells one delivery of a job from another, so this one reads a table.
    let duplicates: String

    init(schema: String) {
        let schema = quoteIdentifier(schema)
        jobs = """
            SELECT id, state, items, created, updated, unchanged, removed, absent, superseded,
              rejected, error_code, error_message, topic, "partition", "offset"
            FROM \(schema).jobs WHERE id = ANY ($1)
            """
        deadLetters = """
            SELECT asked.position, letter.code, letter.reason
            FROM unnest($1, $2, $3) WITH ORDINALITY AS asked (topic, part, place, position)
            CROSS JOIN LATERAL (
              SELECT l.code, l.reason FROM \(schema).dead_letters l
              WHERE l.topic = asked.topic AND l."partition" = asked.part
                AND l."offset" = asked.place AND l.at >= $4
              ORDER BY l.at DESC LIMIT 1) letter
            """
        duplicates = """
            SELECT asked.position
            FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS asked (topic, part, place, id, position)
            JOIN \(schema).job_duplicate d ON d.job_id = asked.id AND d.topic = asked.topic
              AND d."partition" = asked.part AND d."offset" = asked.place
            """
    }
}
