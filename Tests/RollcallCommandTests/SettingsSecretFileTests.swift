import Testing

@testable import rollcall

@Suite("Secrets from files")
struct SettingsSecretFileTests {
    @Test("A variable that ends in _FILE names the file with the secret")
    func files() throws {
        let url = try TemporaryFile("postgresql://u:geheim@h/d\n")
        let properties = try TemporaryFile("sasl.username=u\nsasl.password=ge;heim\n")
        let environment = [
            "ROLLCALL_DATABASE_URL_FILE": url.path,
            "ROLLCALL_KAFKA_PROPERTIES_FILE": properties.path,
            // Properties of all sources add up; the plain variable wins.
            "ROLLCALL_KAFKA_PROPERTIES": "security.protocol=SASL_SSL;sasl.username=v",
        ]
        let loaded = try SettingsReader.read(environment: environment)
        #expect(loaded.settings.database.url == "postgresql://u:geheim@h/d")
        #expect(
            loaded.settings.kafka.properties == [
                "sasl.username": "v", "sasl.password": "ge;heim", "security.protocol": "SASL_SSL",
            ])
        let listing = SettingsListing(loaded, environment: environment).text(isTerminal: false)
        #expect(!listing.contains("heim"))
        #expect(
            listing.contains(
                "database.url\tpostgresql://u:***@h/d\tenvironment ROLLCALL_DATABASE_URL_FILE\n"))
        #expect(
            listing.contains(
                "kafka.properties.sasl.password\t***\tenvironment ROLLCALL_KAFKA_PROPERTIES_FILE\n")
        )
        #expect(EnvironmentNames.warnings(for: environment.keys) == [])
    }

    @Test("One property alone may hold a semicolon, and an empty file says nothing")
    func singleLine() throws {
        let one = try TemporaryFile("sasl.password=a;b=c")
        let loaded = try SettingsReader.read(
            environment: ["ROLLCALL_KAFKA_PROPERTIES_FILE": one.path])
        #expect(loaded.settings.kafka.properties == ["sasl.password": "a;b=c"])
        let empty = try TemporaryFile("\n")
        let none = try SettingsReader.read(environment: [
            "ROLLCALL_KAFKA_PROPERTIES_FILE": empty.path, "ROLLCALL_DATABASE_URL_FILE": empty.path,
        ])
        #expect(none.settings == Settings())
    }

    @Test("What is wrong with a file is said without what is in it")
    func faults() throws {
        func problem(_ environment: [String: String]) -> String {
            let faults = #expect(throws: SettingsFaults.self) {
                try SettingsReader.read(environment: environment)
            }
            return faults?.faults.map(\.description).joined(separator: "\n") ?? ""
        }
        #expect(
            problem(["ROLLCALL_DATABASE_URL_FILE": "/nonexistent"])
                == "database.url: expected a readable file, got \"/nonexistent\": No such file or "
                + "directory (environment ROLLCALL_DATABASE_URL_FILE)")
        let secret = try TemporaryFile("geheim")
        let both = problem([
            "ROLLCALL_DATABASE_URL_FILE": secret.path, "ROLLCALL_DATABASE_URL": "host=h",
        ])
        #expect(
            both
                == "database.url: expected ROLLCALL_DATABASE_URL or ROLLCALL_DATABASE_URL_FILE, got "
                + "both (environment ROLLCALL_DATABASE_URL_FILE)")
        let wrong = problem([
            "ROLLCALL_DATABASE_URL_FILE": secret.path,
            "ROLLCALL_KAFKA_PROPERTIES_FILE": secret.path,
        ])
        #expect(wrong.contains("database.url: expected a postgresql:// URL"))
        #expect(wrong.contains("kafka.properties: expected name=value pairs"))
        #expect(!wrong.contains("geheim"))
    }

    @Test("Only what may be a secret is taken from a file")
    func others() throws {
        let name = "ROLLCALL_LANES_FILE"
        #expect(try SettingsReader.read(environment: [name: "/nonexistent"]).settings == Settings())
        #expect(EnvironmentNames.warnings(for: [name]).count == 1)
    }
}
