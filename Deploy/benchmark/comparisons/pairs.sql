-- A bare table, as sinks are measured with: no foreign key, no further index.
CREATE TABLE pair (
  target integer NOT NULL, member integer NOT NULL, role text NOT NULL, PRIMARY KEY (target, member));
