import ArgumentParser
import Catalog
import Jobs
import Postgres
import Store

extension Control.Subject: ExpressibleByArgument {}

/// What `rollcall pause` and `rollcall resume` are about.
struct ControlledSubject {
    let subject: Control.Subject
    let name: String

    /// What is to be paused; its name must be one that there is.
    func resolved(_ control: ControlSession, _ settings: Settings) throws -> Control {
        switch subject {
        case .job: return try job(control)
        case .topic:
            try check(settings.kafka.topics.jobs, "a topic of jobs of the settings")
        case .kind:
            try check(Job.Kind.allCases.map(\.rawValue), "one of them")
        case .relation, .backfill:
            guard !settings.catalog.isEmpty else {
                complain("warning: \(subject.rawValue) \(name): no catalog is set to check it by")
                break
            }
            let catalog = try CatalogFiles.read(settings)
            let names =
                subject == .relation
                ? catalog.sortedRelations.map(\.name) : catalog.sortedBackfills.map(\.name)
            try check(names, "one of the catalog")
        }
        return Control(subject, name)
    }

    /// The job that is waiting or running.
    private func job(_ control: ControlSession) throws -> Control {
        let job = try control.job(JobReference(name))
        guard !job.state.isTerminal else {
            complain(
                "\(job.id): expected a job that is waiting or running, it has \(job.state.rawValue)"
            )
            throw ExitCode.failure
        }
        return Control(.job, "\(job.id)")
    }

    private func check(_ names: [String], _ what: String) throws {
        guard !names.contains(name) else { return }
        let hint: String
        if let nearest = Spelling.nearest(to: name, in: names) {
            hint = "did you mean \(nearest)?"
        } else if names.isEmpty {
            hint = "there is none"
        } else {
            hint = "expected \(names.sorted().joined(separator: ", "))"
        }
        complain(
            "\(subject.rawValue): expected \(what), got \(name.quotedForMessage); \(hint)")
        throw ExitCode.wrongUsage
    }
}
