-- A dry run needs no password once it has ended.
UPDATE rollcall.roster_row SET secret = NULL WHERE job_id = $1 AND secret IS NOT NULL
