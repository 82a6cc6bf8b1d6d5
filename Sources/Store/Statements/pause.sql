INSERT INTO rollcall.control (subject, name) VALUES ($1, $2) ON CONFLICT DO NOTHING
