import Foundation

@testable import rollcall

/// A valid package that tests break in one place each.
struct OneRosterSample {
    var version = OneRoster.Version.v1p2
    /// The lines of each file, the columns' names first.
    var files: [String: [String]]
    var modes: [String: OneRoster.Mode]
    /// Lines of the manifest instead of those that follow from the modes.
    var manifest: [String]?
    var hasManifest = true

    /// A bulk package with a row for whatever can refer to another.
    init() {
        files = [
            "academicSessions": [
                "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,"
                    + "schoolYear",
                "sy26,,,2026-2027,schoolYear,2026-08-15,2027-06-05,,2027",
                "fall26,,,Fall 2026,semester,2026-08-15,2026-12-20,sy26,2027",
            ],
            "orgs": [
                "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
                "d1,,,Sample District,district,,",
                #"s1,,,"Nørth ""A"" School, Upper",school,,d1"#,
            ],
            "courses": [
                "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,"
                    + "orgSourcedId,subjects,subjectCodes,metadata.color",
                #"c1,,,sy26,Band,MUS1,"09,10",s1,"Music,Art","MUS,ART",blue"#,
            ],
            "classes": [
                "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,"
                    + "location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods",
                #"k1,,,Band P1,09,c1,,scheduled,,s1,"fall26,sy26",,,1"#,
            ],
            "users": [
                "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,"
                    + "familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,"
                    + "password,userMasterIdentifier,preferredGivenName,preferredMiddleName,"
                    + "preferredFamilyName,primaryOrgSourcedId,pronouns",
                "t1,,,true,tlee,,Tae,O'Lee,,,,,,,,,,,,,s1,",
                #"u1,,,true,zo.e,"{LDAP:zoe},{SIS:7}",Zoë,"Ångström, Jr.",,,,,,t1,09,,,,,,s1,"#,
                "u2,,,false,hanako,,花子,鈴木,,,,,,,10,,,,,,s1,",
            ],
            "roles": [
                "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,"
                    + "orgSourcedId,userProfileSourcedId",
                "r0,,,t1,primary,ext:band.leader,2026-08-15,,s1,",
                "r1,,,u1,primary,student,,,s1,p1",
                "r2,,,u2,primary,student,,,s1,",
                "r3,,,u2,secondary,proctor,,,s1,",
            ],
            "enrollments": [
                "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,"
                    + "role,primary,beginDate,endDate",
                "e0,,,k1,s1,t1,teacher,true,,",
                "e1,,,k1,s1,u1,student,,2026-08-15,2028-02-29",
                "e2,,,k1,s1,u2,student,,,",
            ],
            "demographics": [
                "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,"
                    + "blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,"
                    + "demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,"
                    + "stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus",
                "u1,,,2012-01-31,female,false,true,,,,,,NO,,Oslo,",
            ],
            "userProfiles": [
                "sourcedId,status,dateLastModified,userSourcedId,profileType,vendorId,"
                    + "applicationId,description,credentialType,username,password",
                "p1,,,u1,lms,example.org,,,password,zoe,",
            ],
            "lineItems": ["sourcedId,status,dateLastModified,title,anything", "li1,,,Test,x"],
        ]
        modes = files.mapValues { _ in .bulk }
    }

    /// The same in 1.1, where roles are a column of the users.
    static var v1p1: OneRosterSample {
        var sample = OneRosterSample()
        sample.version = .v1p1
        for file in ["roles", "userProfiles"] {
            sample.files[file] = nil
            sample.modes[file] = nil
        }
        sample.files["users"] = [
            "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,"
                + "givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,"
                + "grades,password",
            "t1,,,true,\"s1,d1\",teacher,tlee,,Tae,O'Lee,,,,,,,,",
            #"u1,,,true,s1,student,zo.e,{LDAP:zoe},Zoë,"Ångström, Jr.",,,,,,t1,09,"#,
            "u2,,,false,s1,student,hanako,,花子,鈴木,,,,,,,10,",
        ]
        return sample
    }

    /// The same rows as changes.
    mutating func makeDelta(_ names: String...) {
        for name in names.isEmpty ? Array(files.keys) : names {
            modes[name] = .delta
            guard let lines = files[name] else { continue }
            files[name] =
                [lines[0]]
                + lines.dropFirst().map { line in
                    let id = line.prefix { $0 != "," }
                    let rest = line.dropFirst(id.count + 2)
                    return "\(id),active,2026-11-20T08:30:00.000Z\(rest)"
                }
        }
    }

    /// Replaces what occurs exactly once in a line, counted from 1.
    mutating func change(_ file: String, _ line: Int, _ old: String, _ new: String) {
        if file == "manifest", manifest == nil { manifest = manifestLines }
        var lines = file == "manifest" ? manifest ?? [] : files[file] ?? []
        precondition(lines[line - 1].components(separatedBy: old).count == 2, "\(lines[line - 1])")
        lines[line - 1] = lines[line - 1].replacingOccurrences(of: old, with: new)
        if file == "manifest" { manifest = lines } else { files[file] = lines }
    }

    /// Appends a line to a file.
    mutating func add(_ file: String, _ line: String) {
        if file == "manifest" {
            manifest = (manifest ?? manifestLines) + [line]
        } else {
            files[file]?.append(line)
        }
    }

    var manifestLines: [String] {
        ["propertyName,value", "manifest.version,1.0", "oneroster.version,\(version.rawValue)"]
            + OneRoster.fileNames(version).map { "file.\($0),\((modes[$0] ?? .absent).rawValue)" }
            + ["source.systemName,Sample SIS"]
    }

    /// The bytes of each file, by its name in a folder or a zip.
    func contents(lineEnd: String = "\n") -> [(name: String, bytes: [UInt8])] {
        var all = files
        if hasManifest { all["manifest"] = manifest ?? manifestLines }
        return all.sorted { $0.key < $1.key }.map { name, lines in
            ("\(name).csv", Array(lines.map { $0 + lineEnd }.joined().utf8))
        }
    }

    /// Writes a folder and says its path.
    static func write(
        _ contents: [(name: String, bytes: [UInt8])], in folder: TemporaryFolder
    ) throws -> String {
        let path = "\(folder.path)/\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        for (name, bytes) in contents {
            try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
        }
        return path
    }
}
