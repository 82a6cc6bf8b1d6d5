import Postgres
import Testing

@Suite struct ConninfoTests {
    @Test(arguments: [
        "", "host=h dbname=d", "postgres://u:p@h1:1,h2:2/d?target_session_attrs=read-write",
        "postgresql:///d?host=/var/run/postgresql", "user='a b' password='it\\'s'",
    ])
    func goodStrings(conninfo: String) {
        #expect(Connection.checkConninfo(conninfo) == nil)
    }

    @Test(arguments: [
        ("hots=h", #"invalid connection option "hots""#),
        ("postgres://h/d?sslmod=x", #"invalid URI query parameter: "sslmod""#),
        ("database", #"missing "=" after "***" in connection info string"#),
        ("a\0b", "a NUL character in a connection string"),
    ])
    func badStringsAreExplained(conninfo: String, message: String) {
        #expect(Connection.checkConninfo(conninfo) == message)
    }

    @Test(arguments: [
        "host=h password=hunter2 hunter2", "password='hunter2", "postgres://u:hunter2%zz@h/d",
        "postgres://u:hunter2@h:x y/d?a", "postgress://u:hunter2@h/d?a=b",
        "postgres://u@h/d?password=hunter2&sslmod=x", "postgres://u:hunter2@[::1/d",
        "postgres://u:hunter2@h/d?password=hunter2=3", "password=\"hunter2\" hunter2",
    ])
    func badStringsDoNotTellThePassword(conninfo: String) {
        let message = Connection.checkConninfo(conninfo)
        #expect(message != nil)
        #expect(message?.contains("hunter2") == false)
        #expect(Connection.redacted(conninfo) == "***")
        let error = failure(of: { _ = try Connection(conninfo, applicationName: "t") })
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test(arguments: [
        ("host=h password=hunter2 dbname=d", "password=*** dbname=d host=h"),
        (
            "postgres://u:hunter2@h:5/d?sslmode=require&sslpassword=hunter2",
            "user=u password=*** dbname=d host=h port=5 sslmode=require sslpassword=***"
        ),
        ("postgres://u@h/d?pass%77ord=hunter2", "user=u password=*** dbname=d host=h"),
        ("postgres://u:hunter2%40%2F@h/d", "user=u password=*** dbname=d host=h"),
        ("user='it\\'s me'", "user='it\\'s me'"),
        ("", ""),
    ])
    func redaction(conninfo: String, shown: String) {
        #expect(
            Set(Connection.redacted(conninfo).split(separator: " "))
                == Set(shown.split(separator: " ")))
    }
}
