import Testing

@Suite struct ManifestCheckTests {
    private static let text = """
        let logging = Target.Dependency.product(
            name: "Logging", package: "swift-log")
        let package = Package(
            name: "house",
            dependencies: [.package(url: "https://example.org/swift-log", exact: "1.0.0")],
            targets: [
                // .target(name: "Ghost", dependencies: ["Cellar"]),
                .systemLibrary(name: "Door", pkgConfig: "door", providers: [.apt(["door-dev"])]),
                .target(name: "Cellar", dependencies: ["Door"], swiftSettings: room),
                .target(
                    name: "Hall",
                    dependencies: ["Cellar", logging, .product(name: "Yams", package: "yams-package")],
                    resources: [.embedInCode("Pictures")]),
                .testTarget(name: "HallTests", dependencies: ["Hall"]),
            ]
        )
        """
    private static let rooms: [String: House.Allowance] = [
        "Door": .only([]), "Cellar": .only(["Door", "Synchronization"]),
        "Hall": .only(["Cellar", "Logging", "Yams"]),
    ]

    private func messages(
        _ text: String = text, folders: Set<String> = ["Door", "Cellar", "Hall"],
        testFolders: Set<String> = ["HallTests"], rooms: [String: House.Allowance] = rooms
    ) -> [String] {
        ManifestCheck.violations(
            in: Manifest(text), folders: folders, testFolders: testFolders, rooms: rooms
        ).map(\.message)
    }

    @Test("targets are read with their dependencies, products by their names")
    func reading() {
        #expect(
            Manifest(Self.text).targets == [
                .init(kind: "systemLibrary", name: "Door", dependencies: []),
                .init(kind: "target", name: "Cellar", dependencies: ["Door"]),
                .init(kind: "target", name: "Hall", dependencies: ["Cellar", "Logging", "Yams"]),
                .init(kind: "testTarget", name: "HallTests", dependencies: ["Hall"]),
            ])
    }

    @Test("a manifest that agrees with its table has no violation")
    func agreement() {
        #expect(messages().isEmpty)
    }

    @Test("a dependency that the table forbids is named with what is allowed")
    func forbidden() {
        let text = Self.text.replacing("dependencies: [\"Door\"]", with: "dependencies: [\"Hall\"]")
        #expect(
            messages(text) == [
                "Cellar depends on Hall; it may depend on Door, Synchronization",
                "Cellar does not depend on Door, which the table allows it",
            ])
    }

    @Test("a room of the table without a target, and a target without a room, are violations")
    func strangers() {
        var rooms = Self.rooms
        rooms["Attic"] = .only([])
        rooms["Hall"] = nil
        #expect(
            messages(rooms: rooms) == [
                "the target Hall is not in the table of HouseTests/House.swift",
                "the room Attic of the table is no target",
            ])
    }

    @Test("a target of the tests is in their directory, and no room depends on it")
    func kit() {
        let kit = ".target(name: \"Kit\", dependencies: [\"Hall\"], path: \"Tests/Kit\"),"
        let text = Self.text.replacing(".testTarget(", with: "\(kit)\n.testTarget(")
        #expect(messages(text, testFolders: ["HallTests", "Kit"]).isEmpty)
        #expect(
            messages(
                text.replacing("[\"Cellar\", logging", with: "[\"Cellar\", \"Kit\", logging"),
                testFolders: ["HallTests", "Kit"])
                == [
                    "Hall depends on Kit, which is for tests alone",
                    "Hall depends on Kit; it may depend on Cellar, Logging, Yams",
                ])
    }

    @Test("a directory without a target, and a target without a directory, are violations")
    func folders() {
        #expect(
            messages(folders: ["Door", "Cellar", "Shed"], testFolders: []) == [
                "Sources/Shed is no target",
                "the target Hall has no Sources/Hall",
                "the test target HallTests has no Tests/HallTests",
            ])
    }
}
