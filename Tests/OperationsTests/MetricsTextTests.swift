import Testing

@testable import Operations

@Suite struct MetricsTextTests {
    @Test func samplesAreWrittenAsPrometheusReadsThem() {
        var page = MetricsText()
        page.begin("a_total", .counter, "Back\\slash.")
        page.sample("a_total", ["x": "plain", "y": "a \"b\" \\ c\nd"], 3)
        page.sample("a_total", [:], 0.25)
        page.begin("b_seconds", .histogram, "Seconds.")
        page.histogram("b_seconds", ["k": "v"], bounds: [0.5, 10], counts: [1, 0, 2], sum: 31.5)
        #expect(
            String(decoding: page.bytes, as: UTF8.self) == """
                # HELP a_total Back\\\\slash.
                # TYPE a_total counter
                a_total{x="plain",y="a \\"b\\" \\\\ c\\nd"} 3
                a_total 0.25
                # HELP b_seconds Seconds.
                # TYPE b_seconds histogram
                b_seconds_bucket{k="v",le="0.5"} 1
                b_seconds_bucket{k="v",le="10"} 1
                b_seconds_bucket{k="v",le="+Inf"} 3
                b_seconds_sum{k="v"} 31.5
                b_seconds_count{k="v"} 3

                """)
    }

    @Test func theKernelKnowsThisProcess() throws {
        let figures = try #require(ProcessFigures.now())
        #expect(figures.residentBytes > 1 << 20)
        #expect(figures.virtualBytes > figures.residentBytes)
        #expect(figures.openFiles > 2)
        #expect(figures.openFiles < figures.openFilesMax)
        #expect(figures.threads > 0)
        #expect(figures.cpuSeconds > 0)
        #expect(figures.startSeconds > 1.7e9)
    }
}
