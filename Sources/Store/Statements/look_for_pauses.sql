-- What workers are to leave alone. Single jobs are none of it: nobody begins a part of theirs.
SELECT c.subject, c.name FROM rollcall.control c WHERE c.subject <> 'job'
