-- What the samples draw with: the same numbers for the same seed, on every machine.
--
-- `sample_below('what', n, limit)` is the n-th number of a stream, from 0 to limit - 1.
CREATE FUNCTION sample_below(stream text, n bigint, "limit" integer) RETURNS integer
LANGUAGE sql STABLE AS $$
  SELECT (('x' || left(md5(current_setting('sample.seed') || stream || n), 8))::bit(32)::bigint % "limit")::integer
$$;
