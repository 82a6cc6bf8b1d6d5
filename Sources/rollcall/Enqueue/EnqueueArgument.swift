import ArgumentParser
import Foundation
import Jobs
import RollcallClient

/// Reads the arguments of `rollcall enqueue`; what is wrong is told by a `ValidationError`.
enum EnqueueArgument {
    /// Who asks, unless the user says: the account's name.
    static var defaultSource: String { "/cli/\(NSUserName())" }

    /// A value: a whole number as such, JSON if it starts with `{`, anything else as text.
    static func value(_ text: String, of option: String) throws -> Value {
        guard text.first == "{" else { return scalar(text) }
        do {
            let document = try JSONDocument(Array(text.utf8))
            return Value(document, document.root)
        } catch {
            throw ValidationError(
                "\(option): expected JSON after {, got \(text.quotedForMessage): \(error)")
        }
    }

    /// Values separated by commas, or one in JSON.
    static func values(_ list: String, of option: String) throws -> [Value] {
        if list.first == "{" { return [try value(list, of: option)] }
        return try list.split(separator: ",", omittingEmptySubsequences: false).map { element in
            let text = String(element).trimmed
            guard !text.isEmpty else {
                throw ValidationError(
                    "\(option): expected values separated by commas, got \(list.quotedForMessage)")
            }
            return scalar(text)
        }
    }

    /// Values by name, each given as `name=value`.
    static func pairs(_ given: [String], of option: String) throws -> [String: Value] {
        var values: [String: Value] = [:]
        for pair in given {
            guard let equals = pair.firstIndex(of: "="), equals > pair.startIndex else {
                throw ValidationError(
                    "\(option): expected name=value, got \(pair.quotedForMessage)")
            }
            let name = String(pair[..<equals])
            guard values[name] == nil else {
                throw ValidationError(
                    "\(option): expected each name once, got \(name.quotedForMessage) again")
            }
            values[name] = try value(String(pair[pair.index(after: equals)...]), of: option)
        }
        return values
    }

    /// `042` is a text: a number would lose its zero.
    static func scalar(_ text: String) -> Value {
        if let number = Int(text), "\(number)" == text { .int(number) } else { .string(text) }
    }

    /// One of the words of a type.
    static func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String, of option: String, _: Choice.Type
    ) throws -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: " or ")
            throw ValidationError("\(option): expected \(choices), got \(text.quotedForMessage)")
        }
        return choice
    }

    static func check(topic: String?) throws {
        guard let topic, !TextRule.topic.accepts(topic) else { return }
        throw ValidationError(
            "--topic: expected \(TextRule.topic.expected), got \(topic.quotedForMessage)")
    }

    static func check(source: String?) throws {
        guard let source, !TextRule.name.accepts(source) else { return }
        throw ValidationError(
            "--source: expected \(TextRule.name.expected), got \(source.quotedForMessage)")
    }
}
