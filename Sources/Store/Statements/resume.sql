DELETE FROM rollcall.control WHERE subject = $1 AND name = $2
