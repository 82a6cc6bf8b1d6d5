import Jobs
import Store
import Testing

@Suite("The beginning of a job's id")
struct StatusQueryIDPrefixTests {
    @Test(
        "It spans the ids that start so",
        arguments: [
            (
                "4410", "44100000-0000-0000-0000-000000000000",
                "4410ffff-ffff-ffff-ffff-ffffffffffff"
            ),
            (
                "4410AD09-5", "4410ad09-5000-0000-0000-000000000000",
                "4410ad09-5fff-ffff-ffff-ffffffffffff"
            ),
            (
                "4410ad095e0b4a43", "4410ad09-5e0b-4a43-0000-000000000000",
                "4410ad09-5e0b-4a43-ffff-ffffffffffff"
            ),
            (
                "4410ad09-5e0b-4a43-9", "4410ad09-5e0b-4a43-9000-000000000000",
                "4410ad09-5e0b-4a43-9fff-ffffffffffff"
            ),
            (
                "4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c1", "4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c10",
                "4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c1f"
            ),
        ])
    func span(_ text: String, first: String, last: String) throws {
        let prefix = try #require(StatusQuery.IDPrefix(text))
        #expect(prefix.first.description == first)
        #expect(prefix.last.description == last)
        #expect(prefix.id == nil)
    }

    @Test("A whole id is one id, with or without hyphens")
    func whole() throws {
        let id = try #require(JobID("4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11"))
        #expect(StatusQuery.IDPrefix(id.description)?.id == id)
        #expect(StatusQuery.IDPrefix("4410AD095E0B4A439A4E0F6F4F2B7C11")?.id == id)
    }

    @Test(
        "It reads back as it was given",
        arguments: [
            "4410", "4410ad09", "4410ad09-5", "4410ad09-5e0b-4a43-9a4e",
            "4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11", "ffff", "0000",
        ])
    func description(_ text: String) throws {
        #expect(try #require(StatusQuery.IDPrefix(text)).description == text)
    }

    @Test(
        "Anything else is none",
        arguments: [
            "", "441", "44 0", "4410xd09", "-4410", "44-10", "4410ad09--5",
            "4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c110", "44１0", "@last",
        ])
    func malformed(_ text: String) {
        #expect(StatusQuery.IDPrefix(text) == nil)
    }

    @Test(
        "What two ids share counts the hyphens between",
        arguments: [
            ("4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11", "5410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11", 0),
            ("4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11", "4410ad08-5e0b-4a43-9a4e-0f6f4f2b7c11", 7),
            ("4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11", "4410ad09-6e0b-4a43-9a4e-0f6f4f2b7c11", 9),
            ("4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11", "4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c12", 35),
            ("4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11", "4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11", 36),
        ])
    func shared(_ left: String, _ right: String, _ length: Int) throws {
        let ids = try [left, right].map { try #require(JobID($0)) }
        #expect(ids[0].sharedLength(with: ids[1]) == length)
    }
}
