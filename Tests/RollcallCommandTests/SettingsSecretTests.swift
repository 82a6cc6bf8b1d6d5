import Testing

@testable import rollcall

@Suite("Secrets are not shown")
struct SettingsSecretTests {
    @Test(
        "A connection string without its passwords",
        arguments: [
            ("postgresql://u@h/d", "postgresql://u@h/d"),
            ("postgresql://u:geheim@h:1,h2:2/d?a=b", "postgresql://u:***@h:1,h2:2/d?a=b"),
            ("postgres://u:ge@heim@h/d", "postgres://u:***@h/d"),
            ("postgres://u:ge/heim@h/d", "postgres://u:***@h/d"),
            ("postgres://u:ge?heim@h/d", "postgres://***"),
            ("postgresql://h/d?password=geheim&x=1", "postgresql://h/d?password=***&x=1"),
            ("postgresql://h/d?sslpassword=geheim", "postgresql://h/d?sslpassword=***"),
            ("postgresql://h/d?pass%77ord=geheim", "postgresql://h/d?pass%77ord=***"),
            ("host=h password=geheim user=u", "host=h password=*** user=u"),
            ("host = h password = 'ge \\' heim' user=u", "host=h password=*** user=u"),
            ("password=ge\\ heim dbname=d", "password=*** dbname=d"),
            ("PASSWORD=geheim", "PASSWORD=***"),
            ("host=h password=ge heim", "***"),
            ("password='geheim", "***"),
            ("mysql://u:geheim@h/d", "***"),
            ("geheim", "***"),
        ])
    func conninfo(text: String, shown: String) {
        #expect(Secret.redacted(conninfo: text) == shown)
        #expect(!shown.contains("heim"))
    }

    @Test("The listing shows no secret, and where everything came from")
    func listing() throws {
        let environment = [
            "ROLLCALL_DATABASE_URL": "postgresql://u:geheim@h/d", "PGPASSWORD": "geheim",
            "ROLLCALL_KAFKA_PROPERTIES":
                "sasl.password=geheim;ssl.key.password=geheim;security.protocol=SSL",
        ]
        let loaded = try SettingsReader.read(environment: environment)
        let listing = SettingsListing(loaded, environment: environment)
        for isTerminal in [true, false] {
            #expect(!listing.text(isTerminal: isTerminal).contains("geheim"))
        }
        let lines = listing.text(isTerminal: false).split(separator: "\n")
        #expect(
            lines.contains(
                "database.url\tpostgresql://u:***@h/d\tenvironment ROLLCALL_DATABASE_URL"))
        #expect(
            lines.contains(
                "kafka.properties.sasl.password\t***\tenvironment ROLLCALL_KAFKA_PROPERTIES"))
        #expect(lines.contains("lanes\t4\tdefault"))
    }

    @Test("Without a URL the listing names libpq's variables but for the password")
    func libpqVariables() throws {
        let environment = ["PGHOST": "h", "PGUSER": "u", "PGPASSWORD": "geheim"]
        let loaded = try SettingsReader.read(environment: environment)
        let rows = SettingsListing(loaded, environment: environment).rows
        #expect(rows.first { $0.key == "database.url" }?.value == "PGHOST=h PGUSER=u")
    }
}
