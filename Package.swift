// swift-tools-version: 6.1
import PackageDescription

let room: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "rollcall",
    products: [
        .executable(name: "rollcall", targets: ["rollcall"]),
        .library(name: "RollcallClient", targets: ["RollcallClient"]),
        // Loaded into a worker by a test, before its other libraries.
        .library(name: "ClockShift", type: .dynamic, targets: ["ClockShift"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        // The doors to the two C libraries.
        .systemLibrary(
            name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CLibrdkafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),

        // The rooms. Who may import whom is checked by Tests/HouseTests.
        .target(name: "Postgres", dependencies: ["CLibpq"], swiftSettings: room),
        .target(name: "Kafka", dependencies: ["CLibrdkafka"], swiftSettings: room),
        .target(name: "Jobs", swiftSettings: room),
        .target(name: "Catalog", dependencies: ["Jobs", "Postgres", yams], swiftSettings: room),
        .target(
            name: "Store", dependencies: ["Jobs", "Postgres"],
            resources: [.embedInCode("Migrations"), .embedInCode("Statements")],
            swiftSettings: room),
        .target(
            name: "Execution",
            dependencies: ["Store", "Catalog", "Jobs", "Postgres", crypto, cryptoExtras],
            swiftSettings: room + [.define("FAIL_POINTS", .when(configuration: .debug))]),
        .target(
            name: "WorkerPool",
            dependencies: ["Execution", "Store", "Catalog", "Jobs", "Kafka", "Postgres", logging],
            swiftSettings: room),
        .target(name: "Operations", dependencies: [logging], swiftSettings: room),
        .target(
            name: "RollcallClient", dependencies: ["Jobs", "Store", "Kafka", "Postgres"],
            swiftSettings: room),
        .target(name: "Sandbox", dependencies: ["Postgres", "Kafka"], swiftSettings: room),
        .executableTarget(
            name: "rollcall",
            dependencies: [
                "WorkerPool", "Operations", "RollcallClient", "Sandbox", "Execution", "Store",
                "Catalog", "Jobs", "Kafka", "Postgres", argumentParser, logging, yams,
            ],
            swiftSettings: room),

        // What several test targets need to prove that nothing is lost.
        .target(
            name: "ProofKit", dependencies: ["Store", "Jobs", "Kafka", "Postgres", "Sandbox"],
            path: "Tests/ProofKit", swiftSettings: room),
        .target(
            name: "ClockShift", path: "Tests/ClockShift",
            linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),

        .testTarget(name: "HouseTests", swiftSettings: room),
        .testTarget(
            name: "PostgresTests", dependencies: ["Postgres", "Sandbox"], swiftSettings: room),
        .testTarget(name: "KafkaTests", dependencies: ["Kafka"], swiftSettings: room),
        .testTarget(name: "JobsTests", dependencies: ["Jobs"], swiftSettings: room),
        .testTarget(
            name: "CatalogTests", dependencies: ["Catalog", "Sandbox"], swiftSettings: room),
        .testTarget(name: "StoreTests", dependencies: ["Store", "Sandbox"], swiftSettings: room),
        .testTarget(
            name: "ExecutionTests",
            dependencies: ["Execution", "Store", "Catalog", "Jobs", "Postgres", "Sandbox"],
            swiftSettings: room),
        .testTarget(
            name: "WorkerPoolTests",
            dependencies: ["WorkerPool", "Execution", "Catalog", "Jobs", "Kafka", "Sandbox"],
            swiftSettings: room),
        .testTarget(
            name: "OperationsTests", dependencies: ["Operations", "ProofKit"], swiftSettings: room),
        .testTarget(
            name: "RollcallCommandTests",
            dependencies: [
                "rollcall", "RollcallClient", "Sandbox", "Store", "Jobs", "Kafka", "Postgres",
            ],
            swiftSettings: room),
        .testTarget(
            name: "Scenarios",
            dependencies: [
                "rollcall", "WorkerPool", "RollcallClient", "Sandbox", "Execution", "Store",
                "Catalog", "Jobs", "Kafka", "Postgres", "ProofKit",
            ],
            swiftSettings: room),
        .testTarget(
            name: "BundledCatalogs",
            dependencies: [
                "rollcall", "WorkerPool", "RollcallClient", "Sandbox", "Execution", "Store",
                "Catalog", "Jobs", "Kafka", "Postgres", "ProofKit",
            ],
            exclude: ["Comparisons"], swiftSettings: room),
    ],
    swiftLanguageModes: [.v6]
)
