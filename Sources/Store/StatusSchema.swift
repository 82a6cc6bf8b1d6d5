import Jobs

/// The schema in which Rollcall keeps jobs, and the SQL that reads and writes it.
///
/// The files name it `rollcall`; another name is put in when the texts are loaded, once.
public struct StatusSchema: Sendable {
    /// A step from one version of the schema to the next.
    public struct Migration: Sendable {
        public let version: Int
        public let name: String
        public let sql: String
        /// Tells an edited file from the one that was applied.
        public let checksum: String
        /// The oldest version whose programs can work with the schema after it; nil if none can.
        ///
        /// A migration says so itself, in a line `-- works-from: 7`: that it only adds, and that what it
        /// adds may be left out.
        public let worksFrom: Int?

        public init(version: Int, name: String, sql: String, checksum: String) {
            self.version = version
            self.name = name
            self.sql = sql
            self.checksum = checksum
            let mark = "-- works-from: "
            worksFrom = sql.split(separator: "\n").first { $0.hasPrefix(mark) }
                .flatMap { Int($0.dropFirst(mark.count)) }
        }
    }

    /// The schema's name.
    public let name: String
    /// Whether it is noted which jobs have ended, so that their events are published.
    public let recordsEvents: Bool
    /// All migrations in their order.
    public private(set) var migrations: [Migration]
    let statements: Statements
    let partStatements: PartStatements
    let rosterStatements: RosterStatements

    /// The version that this program reads and writes.
    public var version: Int { migrations.count }

    /// - Parameters:
    ///   - name: a plain identifier, checked by the settings.
    ///   - recordsEvents: whether somebody publishes job events.
    public init(name: String = "rollcall", recordsEvents: Bool = false) {
        self.name = name
        self.recordsEvents = recordsEvents
        let files: [(String, [UInt8])] = [
            ("jobs", PackageResources._001_jobs_sql),
            ("progress", PackageResources._002_progress_sql),
            ("dead_letters", PackageResources._003_dead_letters_sql),
            ("backfills", PackageResources._004_backfills_sql),
            ("rosters", PackageResources._005_rosters_sql),
            ("operation", PackageResources._006_operation_sql),
            ("control", PackageResources._007_control_sql),
            ("events", PackageResources._008_events_sql),
            ("retention", PackageResources._009_retention_sql),
        ]
        migrations = files.enumerated().map { index, file in
            var checksum = FNV()
            checksum.add(file.1)
            return Migration(
                version: index + 1, name: file.0, sql: Self.text(file.1, schema: name),
                checksum: String(checksum.value, radix: 16))
        }
        statements = Statements(schema: name)
        partStatements = PartStatements(schema: name)
        rosterStatements = RosterStatements(schema: name)
    }

    /// The schema of a later program, or of an earlier one: with other migrations.
    public func with(migrations: [Migration]) -> StatusSchema {
        var other = self
        other.migrations = migrations
        return other
    }

    static func text(_ file: [UInt8], schema: String) -> String {
        let text = String(decoding: file, as: UTF8.self)
        guard schema != "rollcall" else { return text }
        return text.split(separator: "rollcall.", omittingEmptySubsequences: false)
            .joined(separator: "\"\(schema)\".")
    }
}

/// The statements of the hot path, each loaded once.
struct Statements: Sendable {
    let beginBatch: String
    let claimJobs: String
    let insertJobs: String
    let insertRejections: String
    let insertDeadLetters: String
    let insertDuplicates: String
    let claimProgress: String
    let saveProgress: String
    let selectAttempts: String
    let beginAttempts: String
    let endAttempts: String
    let withdrawAttempts: String
    let claimLetters: String
    let markLetters: String
    let claimEvents: String
    let markEvents: String
    let beginSweep: String
    let sweepJobs: String
    let sweepRest: String
    let beatWorker: String
    let selectBlockers: String
    let retireWorker: String
    let selectJobsPage: String
    let selectJobsPageOfFacets: String
    let selectJobs: String
    let selectJobCandidates: String
    let selectRejections: String
    let selectRejectionCodes: String
    let selectJobLetters: String
    let selectOverview: String
    let selectWorkers: String
    let selectPauses: String
    let selectWork: String
    let selectRetry: String
    let selectLockWaits: String
    let lookForPauses: String
    let pause: String
    let resume: String
    let selectThroughput: String
    let selectDeadLetters: String
    let selectDeadLetter: String
    let resolveDeadLetter: String
    let selectParts: String

    init(schema: String) {
        func load(_ file: [UInt8]) -> String { StatusSchema.text(file, schema: schema) }
        beginBatch = load(PackageResources.begin_batch_sql)
        claimJobs = load(PackageResources.claim_jobs_sql)
        insertJobs = load(PackageResources.insert_jobs_sql)
        insertRejections = load(PackageResources.insert_rejections_sql)
        insertDeadLetters = load(PackageResources.insert_dead_letters_sql)
        insertDuplicates = load(PackageResources.insert_duplicates_sql)
        claimProgress = load(PackageResources.claim_progress_sql)
        saveProgress = load(PackageResources.save_progress_sql)
        selectAttempts = load(PackageResources.select_attempts_sql)
        beginAttempts = load(PackageResources.begin_attempts_sql)
        endAttempts = load(PackageResources.end_attempts_sql)
        withdrawAttempts = load(PackageResources.withdraw_attempts_sql)
        claimLetters = load(PackageResources.claim_letters_sql)
        markLetters = load(PackageResources.mark_letters_sql)
        claimEvents = load(PackageResources.claim_events_sql)
        markEvents = load(PackageResources.mark_events_sql)
        beginSweep = load(PackageResources.begin_sweep_sql)
        sweepJobs = load(PackageResources.sweep_jobs_sql)
        sweepRest = load(PackageResources.sweep_rest_sql)
        beatWorker = load(PackageResources.beat_worker_sql)
        selectBlockers = load(PackageResources.select_blockers_sql)
        retireWorker = load(PackageResources.retire_worker_sql)
        selectJobsPage = load(PackageResources.select_jobs_page_sql)
        selectJobsPageOfFacets = load(PackageResources.select_jobs_page_of_facets_sql)
        selectJobs = load(PackageResources.select_jobs_sql)
        selectJobCandidates = load(PackageResources.select_job_candidates_sql)
        selectRejections = load(PackageResources.select_rejections_sql)
        selectRejectionCodes = load(PackageResources.select_rejection_codes_sql)
        selectJobLetters = load(PackageResources.select_job_letters_sql)
        selectOverview = load(PackageResources.select_overview_sql)
        selectWorkers = load(PackageResources.select_workers_sql)
        selectPauses = load(PackageResources.select_pauses_sql)
        selectWork = load(PackageResources.select_work_sql)
        selectRetry = load(PackageResources.select_retry_sql)
        selectLockWaits = load(PackageResources.select_lock_waits_sql)
        lookForPauses = load(PackageResources.look_for_pauses_sql)
        pause = load(PackageResources.pause_sql)
        resume = load(PackageResources.resume_sql)
        selectThroughput = load(PackageResources.select_throughput_sql)
        selectDeadLetters = load(PackageResources.select_dead_letters_sql)
        selectDeadLetter = load(PackageResources.select_dead_letter_sql)
        resolveDeadLetter = load(PackageResources.resolve_dead_letter_sql)
        selectParts = load(PackageResources.select_parts_sql)
    }
}

/// The statements of backfills and other work in parts.
struct PartStatements: Sendable {
    let startBackfill: String
    let lookForRuns: String
    let activateRun: String
    let beginPlan: String
    let tryPlanLock: String
    let holdPlan: String
    let insertParts: String
    let claimPart: String
    let beginPart: String
    let holdPart: String
    let endPart: String
    let openStep: String
    let endRun: String
    let keepPart: String
    let releasePart: String
    let forgivePart: String
    let holdRunBack: String
    let selectRunTries: String
    let shrinkPortion: String
    let splitPart: String
    let beginEnding: String
    let failPart: String
    let selectSignOfLife: String
    let lockRun: String
    let closeParts: String

    init(schema: String) {
        func load(_ file: [UInt8]) -> String { StatusSchema.text(file, schema: schema) }
        startBackfill = load(PackageResources.start_backfill_sql)
        lookForRuns = load(PackageResources.look_for_runs_sql)
        activateRun = load(PackageResources.activate_run_sql)
        beginPlan = load(PackageResources.begin_plan_sql)
        tryPlanLock = load(PackageResources.try_plan_lock_sql)
        holdPlan = load(PackageResources.hold_plan_sql)
        insertParts = load(PackageResources.insert_parts_sql)
        claimPart = load(PackageResources.claim_part_sql)
        beginPart = load(PackageResources.begin_part_sql)
        holdPart = load(PackageResources.hold_part_sql)
        endPart = load(PackageResources.end_part_sql)
        openStep = load(PackageResources.open_step_sql)
        endRun = load(PackageResources.end_run_sql)
        keepPart = load(PackageResources.keep_part_sql)
        releasePart = load(PackageResources.release_part_sql)
        forgivePart = load(PackageResources.forgive_part_sql)
        holdRunBack = load(PackageResources.hold_run_back_sql)
        selectRunTries = load(PackageResources.select_run_tries_sql)
        shrinkPortion = load(PackageResources.shrink_portion_sql)
        splitPart = load(PackageResources.split_part_sql)
        beginEnding = load(PackageResources.begin_ending_sql)
        failPart = load(PackageResources.fail_part_sql)
        selectSignOfLife = load(PackageResources.select_sign_of_life_sql)
        lockRun = load(PackageResources.lock_run_sql)
        closeParts = load(PackageResources.close_parts_sql)
    }
}

/// The statements of imports.
struct RosterStatements: Sendable {
    let beginImport: String
    let lockImport: String
    let holdImport: String
    let insertPart: String
    let copyRows: String
    let startImport: String
    let failStale: String
    let failImport: String
    let cancelImport: String
    let selectParts: String
    let placeParts: String
    let insertRejections: String
    let refuseRows: String
    let selectRejections: String
    let forgetRows: String
    let forgetSecrets: String
    let selectRefusedRows: String
    let selectStagedRows: String
    let selectLastRejection: String
    let recordOutcomes: String
    let recordRemovals: String

    init(schema: String) {
        func load(_ file: [UInt8]) -> String { StatusSchema.text(file, schema: schema) }
        beginImport = load(PackageResources.begin_import_sql)
        lockImport = load(PackageResources.lock_import_sql)
        holdImport = load(PackageResources.hold_import_sql)
        insertPart = load(PackageResources.insert_roster_part_sql)
        copyRows = load(PackageResources.copy_roster_rows_sql)
        startImport = load(PackageResources.start_import_sql)
        failImport = load(PackageResources.fail_import_sql)
        cancelImport = load(PackageResources.cancel_import_sql)
        failStale = load(PackageResources.fail_stale_imports_sql)
        selectParts = load(PackageResources.select_roster_parts_sql)
        placeParts = load(PackageResources.place_roster_parts_sql)
        insertRejections = load(PackageResources.insert_roster_rejections_sql)
        refuseRows = load(PackageResources.refuse_roster_rows_sql)
        selectRefusedRows = load(PackageResources.select_refused_rows_sql)
        selectRejections = load(PackageResources.select_kept_rejections_sql)
        forgetRows = load(PackageResources.forget_roster_rows_sql)
        forgetSecrets = load(PackageResources.forget_roster_secrets_sql)
        selectStagedRows = load(PackageResources.select_staged_rows_sql)
        selectLastRejection = load(PackageResources.select_last_rejection_sql)
        recordOutcomes = load(PackageResources.record_row_outcomes_sql)
        recordRemovals = load(PackageResources.record_removals_sql)
    }
}
