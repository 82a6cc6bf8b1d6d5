#include <libpq-fe.h>

// Swift does not import macros that are character literals, so the codes of the fields of an error
// (`PQresultErrorField`) stand here again as constants.
static const int diagSeverity = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int diagSeverityLocalized = PG_DIAG_SEVERITY;
static const int diagSQLState = PG_DIAG_SQLSTATE;
static const int diagMessage = PG_DIAG_MESSAGE_PRIMARY;
static const int diagDetail = PG_DIAG_MESSAGE_DETAIL;
static const int diagHint = PG_DIAG_MESSAGE_HINT;
static const int diagSchema = PG_DIAG_SCHEMA_NAME;
static const int diagTable = PG_DIAG_TABLE_NAME;
static const int diagColumn = PG_DIAG_COLUMN_NAME;
static const int diagDataType = PG_DIAG_DATATYPE_NAME;
static const int diagConstraint = PG_DIAG_CONSTRAINT_NAME;
static const int diagRoutine = PG_DIAG_SOURCE_FUNCTION;
