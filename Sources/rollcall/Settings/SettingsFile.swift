import Yams

/// The YAML file of settings, read into entries with dotted keys and line numbers.
struct SettingsFile {
    /// The most bytes that are read.
    static let bytesMax = 1 << 20

    private(set) var entries: [SettingEntry] = []
    private(set) var faults: [SettingFault] = []
    private let path: String
    private var lines: [String: Int] = [:]

    /// Reads a file; the source says who named it.
    init(path: String, namedBy source: SettingSource) {
        self.path = path
        do throws(SettingsFileUnreadable) {
            let text = try SettingsFileUnreadable.contents(ofFile: path, bytesMax: Self.bytesMax)
            parse(text)
        } catch {
            faults.append(
                SettingFault(
                    key: "config", expected: "a readable file",
                    got: "\(path.quotedForMessage): \(error.reason)", source: source))
        }
    }

    /// Reads a text as if it stood in the file.
    init(path: String, text: String) {
        self.path = path
        parse(text)
    }

    private mutating func parse(_ text: String) {
        do {
            // Without tags: a setting's own type reads the text as it stands.
            guard let root = try Yams.compose(yaml: text, .basic) else { return }
            flatten(root, under: "")
        } catch let error as YamlError {
            refuse(error)
        } catch {
            fault(key: "config", problem: "expected YAML, got \(error)", line: 1)
        }
    }

    // MARK: Keys

    private mutating func flatten(_ node: Node, under prefix: String) {
        guard case .mapping(let mapping) = node else {
            if input(node) != .null {
                let got = input(node).got
                let key = prefix.isEmpty ? "config" : prefix
                fault(key: key, problem: "expected a map of settings, got \(got)", line: line(node))
            }
            return
        }
        for (name, value) in mapping {
            guard case .scalar(let scalar) = name else {
                fault(
                    key: prefix.isEmpty ? "config" : prefix,
                    problem: "expected a name, got \(input(name).got)", line: line(name))
                continue
            }
            let key = prefix.isEmpty ? scalar.string : prefix + "." + scalar.string
            take(key, value, line: line(name))
        }
    }

    private mutating func take(_ key: String, _ value: Node, line: Int) {
        if Setting.named(key) != nil {
            if let first = lines.updateValue(line, forKey: key) {
                fault(key: key, problem: "expected once, got again after line \(first)", line: line)
                return
            }
            add(SettingEntry(key: key, input: input(value), source: source(line)))
        } else if Self.sections.contains(key) {
            flatten(value, under: key)
        } else if let property = Self.property(in: key) {
            let entry = SettingEntry(key: property.name, input: input(value), source: source(line))
            add(SettingEntry(key: property.setting, input: .map([entry]), source: source(line)))
        } else {
            let nearest = NearestName.find(for: key, among: Self.known)
            let hint = nearest.map { "; did you mean \($0)?" } ?? ""
            fault(key: key, problem: "unknown setting" + hint, line: line)
        }
    }

    private mutating func add(_ entry: SettingEntry) { entries.append(entry) }

    /// `kafka.properties.security.protocol` written in one.
    private static func property(in key: String) -> (setting: String, name: String)? {
        for setting in Setting.table {
            guard case .properties = setting.type, key.hasPrefix(setting.key + ".") else {
                continue
            }
            return (setting.key, String(key.dropFirst(setting.key.count + 1)))
        }
        return nil
    }

    /// The names that hold settings: `kafka`, `kafka.topics`, ...
    private static let sections: Set<String> = {
        var sections: Set<String> = []
        for setting in Setting.table {
            let parts = setting.key.split(separator: ".")
            for count in 1..<max(1, parts.count) {
                sections.insert(parts.prefix(count).joined(separator: "."))
            }
        }
        return sections
    }()

    private static let known = Setting.table.map(\.key) + sections.sorted()

    // MARK: Values

    private func input(_ node: Node) -> SettingInput {
        switch node {
        case .scalar(let scalar):
            let isNull =
                scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            return isNull ? .null : .text(scalar.string)
        case .sequence(let sequence):
            return .list(sequence.map(element))
        case .mapping(let mapping):
            return .map(
                mapping.map { name, value in
                    SettingEntry(
                        key: name.scalar?.string ?? "", input: element(value),
                        source: source(line(name)))
                })
        case .alias:
            return .null
        }
    }

    /// No setting looks deeper than this, and aliases could make what lies deeper grow without end.
    private func element(_ node: Node) -> SettingInput {
        switch node {
        case .sequence: .list([])
        case .mapping: .map([])
        case .scalar, .alias: input(node)
        }
    }

    private func line(_ node: Node) -> Int { node.mark?.line ?? 1 }

    private func source(_ line: Int) -> SettingSource { .file(path: path, line: line) }

    // MARK: Faults

    private mutating func fault(key: String, problem: String, line: Int) {
        faults.append(SettingFault(key: key, problem: problem, source: source(line)))
    }

    private mutating func refuse(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            fault(
                key: "config", problem: "expected YAML, got an error: \(problem)", line: mark.line)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.sorted().map(\.quotedForMessage).joined(separator: ", ")
            fault(
                key: "config", problem: "expected each name once, got \(names) again in the map",
                line: context.mark.line)
        case .reader(let problem, _, _, _):
            fault(key: "config", problem: "expected YAML, got an error: \(problem)", line: 1)
        default:
            fault(key: "config", problem: "expected YAML, got an error: \(error)", line: 1)
        }
    }
}
