/// What Package.swift declares, as far as the house must know it.
struct Manifest {
    struct Target: Equatable {
        let kind: String
        let name: String
        let dependencies: Set<String>
        /// Where it is, if not where its kind is by default.
        var path: String?

        /// Whether it stands among the tests: a test target, or a target that only they use.
        var isOfTests: Bool { kind == "testTarget" || path?.hasPrefix("Tests/") == true }
    }

    let targets: [Target]

    /// Reads a manifest roughly: calls of `.target` and its kin, with literal names, and constants
    /// that stand for products.
    init(_ text: String) {
        let text = text.replacing(/(?m:^)[ \t]*\/\/[^\n]*/, with: "")
        var products: [String: String] = [:]
        let product = /let\s+(\w+)\s*=\s*Target\.Dependency\.product\(\s*name:\s*"([^"]+)"/
        for match in text.matches(of: product) { products[String(match.1)] = String(match.2) }
        targets = text.matches(of: /\.(target|executableTarget|testTarget|systemLibrary)\(/)
            .compactMap { match in
                let arguments = Self.balanced(text[match.range.upperBound...], close: ")")
                guard let name = arguments.firstMatch(of: /name:\s*"([^"]+)"/) else { return nil }
                return Target(
                    kind: String(match.1), name: String(name.1),
                    dependencies: Self.dependencies(in: arguments, products),
                    path: arguments.firstMatch(of: /[(,\s]path:\s*"([^"]+)"/).map { String($0.1) })
            }
    }

    private static func dependencies(
        in arguments: Substring, _ products: [String: String]
    ) -> Set<String> {
        guard let start = arguments.firstMatch(of: /dependencies:\s*\[/) else { return [] }
        let list = balanced(arguments[start.range.upperBound...], close: "]")
            // Of a product spelt out the package's name is no dependency of its own.
            .replacing(/package:\s*"[^"]*"/, with: "")
        let literals = list.matches(of: /"([^"]+)"/).map { String($0.1) }
        let constants = list.replacing(/"[^"]*"/, with: "").matches(of: /\w+/)
            .compactMap { products[String($0.output)] }
        return Set(literals + constants)
    }

    /// The text up to the bracket that closes what is open at its start.
    private static func balanced(_ text: Substring, close: Character) -> Substring {
        var depth = 0
        for position in text.indices {
            switch text[position] {
            case "(", "[", "{": depth += 1
            case ")", "]", "}":
                if depth == 0, text[position] == close { return text[..<position] }
                depth -= 1
            default: break
            }
        }
        return text
    }
}

/// Whether Package.swift and the table say the same.
enum ManifestCheck {
    /// - Parameters:
    ///   - folders: the directories below Sources.
    ///   - testFolders: the directories below Tests.
    static func violations(
        in manifest: Manifest, folders: Set<String>, testFolders: Set<String>,
        rooms: [String: House.Allowance] = House.rooms
    ) -> [Violation] {
        let path = "Package.swift"
        var messages: [String] = []
        let tests = manifest.targets.filter(\.isOfTests)
        let sources = manifest.targets.filter { !$0.isOfTests }
        for target in sources {
            guard let allowance = rooms[target.name] else {
                messages.append(
                    "the target \(target.name) is not in the table of HouseTests/House.swift")
                continue
            }
            for name in target.dependencies.sorted()
            where tests.contains(where: { $0.name == name }) {
                messages.append("\(target.name) depends on \(name), which is for tests alone")
            }
            for name in target.dependencies.sorted() where !allowance.permits(name) {
                messages.append(
                    "\(target.name) depends on \(name); it may depend on "
                        + ImportCheck.described(allowance))
            }
            guard case .only(let modules) = allowance else { continue }
            let undeclared = modules.subtracting(House.toolchain).subtracting(target.dependencies)
            for name in undeclared.sorted() {
                messages.append(
                    "\(target.name) does not depend on \(name), which the table allows it")
            }
        }
        messages += differences(
            "target", "Sources", declared: sources.map(\.name), folders: folders)
        // A folder without a target is a test that never runs.
        messages += differences(
            "test target", "Tests", declared: tests.map(\.name), folders: testFolders)
        for name in rooms.keys.sorted() where !sources.contains(where: { $0.name == name }) {
            messages.append("the room \(name) of the table is no target")
        }
        return messages.map { Violation(path: path, message: $0) }
    }

    private static func differences(
        _ kind: String, _ place: String, declared: [String], folders: Set<String>
    ) -> [String] {
        let names = Set(declared)
        return folders.subtracting(names).sorted().map { "\(place)/\($0) is no \(kind)" }
            + names.subtracting(folders).sorted().map { "the \(kind) \($0) has no \(place)/\($0)" }
    }
}
