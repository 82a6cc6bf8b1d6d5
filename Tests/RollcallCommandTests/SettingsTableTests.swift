import Foundation
import Testing

@testable import rollcall

@Suite("The table of settings and Config/rollcall.yaml")
struct SettingsTableTests {
    private let path: String
    private let text: String

    init() throws {
        path =
            URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Config/rollcall.yaml").path
        text = try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test("The file loads, and its values are the defaults")
    func fileHoldsDefaults() throws {
        let loaded = try SettingsReader.read(configFlag: path, environment: [:])
        #expect(loaded.settings == Settings())
    }

    @Test("The file names every key of the table, in its order, and no other")
    func fileNamesEveryKey() {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            // "#name:" is a setting without a default, "# text" is a comment.
            let indent = line.prefix { $0 == " " }
            let rest = line.dropFirst(indent.count)
            return rest.hasPrefix("#") && rest.dropFirst().first?.isLetter == true
                ? String(indent + rest.dropFirst()) : String(line)
        }
        let file = SettingsFile(path: path, text: lines.joined(separator: "\n"))
        #expect(file.faults.isEmpty)
        #expect(file.entries.map(\.key) == Setting.table.map(\.key))
    }

    @Test("The file's comments state the range of every setting that has one")
    func fileStatesRanges() {
        var comment = ""
        var stated: [String: String] = [:]
        let numbered = SettingsFile(path: path, text: text).entries
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if line.drop(while: { $0 == " " }).hasPrefix("#") {
                comment += line
            } else {
                for entry in numbered where entry.source == .file(path: path, line: index + 1) {
                    stated[entry.key] = comment
                }
                comment = ""
            }
        }
        for setting in Setting.table {
            switch setting.type {
            case .integer, .bytes, .duration:
                let range =
                    setting.expected.split(separator: " from ").last?
                    .split(separator: ",").first ?? "?"
                #expect(stated[setting.key]?.contains(range) == true, "\(setting.key): \(range)")
            default:
                break
            }
        }
    }

    @Test("Keys and variables are unique, and a default is valid by its own rule")
    func rows() throws {
        let names = Setting.table.map(\.environmentName) + [Setting.configEnvironmentName]
        #expect(Set(names).count == names.count)
        for setting in Setting.table {
            #expect(setting.sentence.hasSuffix("."))
            let text = setting.defaultValue.text
            if !text.isEmpty {
                #expect(setting.type.value(of: text) != nil, "\(setting.key)")
            }
        }
    }

    @Test(
        "Names of variables that are fixed",
        arguments: [
            ("catalog", "ROLLCALL_CATALOG"), ("database.url", "ROLLCALL_DATABASE_URL"),
            ("kafka.brokers", "ROLLCALL_KAFKA_BROKERS"), ("kafka.group", "ROLLCALL_KAFKA_GROUP"),
            ("lanes", "ROLLCALL_LANES"),
            ("kafka.topics.roster_imports", "ROLLCALL_KAFKA_TOPICS_ROSTER_IMPORTS"),
        ])
    func environmentNames(key: String, name: String) {
        #expect(Setting.named(key)?.environmentName == name)
    }

    @Test("Relations name settings that exist")
    func relations() {
        for relation in SettingRelation.table {
            #expect(Setting.named(relation.key) != nil)
            #expect(Setting.named(relation.other) != nil)
        }
    }
}
