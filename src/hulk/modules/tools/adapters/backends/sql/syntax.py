"""Which parts a query may be made of, as sqlglot's classes: reading, and nothing that locks, stores, hints, or speaks of the session."""

from collections.abc import Mapping


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


PARTS = names(
    """
    Add Alias Aliases All Any AtTimeZone Between BitwiseAnd BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor
    Boolean Bracket CTE Column ColumnDef Comprehension Cube DPipe DataType DataTypeParam Distance Distinct Div Dot EQ Escape
    Except Fetch Filter From GT GTE Group GroupingSets Having HavingMax ILike Identifier IgnoreNulls In IntDiv Intersect Interval
    IntervalSpan Is JSON JSONColumnDef JSONExtractQuote JSONKeyValue JSONPath JSONPathKey JSONPathRoot JSONPathSubscript
    JSONPathWildcard JSONSchema JSONTable JSONValue Join Kwarg LT LTE Lambda Lateral Like Limit LimitOptions Literal Mod Mul NEQ
    Neg Not Null NullSafeEQ NullSafeNEQ Offset OnCondition Order Ordered Overlaps Paren Pivot PropertyEQ Qualify
    RecursiveWithSearch RespectNulls Rollup Select SimilarTo Slice Star Sub Subquery Table TableAlias TableSample Tuple Union
    UnpivotColumns Values Var Where Window WindowSpec With WithinGroup
    """
)
TYPES = names(
    """
    ARRAY BIGINT BIT BOOLEAN CHAR DATE DATETIME DATETIME64 DECIMAL DECIMAL128 DECIMAL256 DECIMAL32 DECIMAL64 DOUBLE ENUM FLOAT INT
    INT128 INT256 INTERVAL JSON JSONB LIST MAP MEDIUMINT MONEY NCHAR NVARCHAR SMALLINT STRUCT TEXT TIME TIMESTAMP TIMESTAMPLTZ
    TIMESTAMPNTZ TIMESTAMPTZ TIMESTAMP_MS TIMESTAMP_NS TIMESTAMP_S TIMETZ TINYINT UBIGINT UDECIMAL UINT UINT128 USMALLINT UTINYINT
    UUID VARCHAR YEAR
    """
)
"""What values may be cast to: nothing that is looked up in the catalogue (`regclass`), nothing of the database's own."""
ONLY: Mapping[str, frozenset[str]] = {
    "Select": names("with_ expressions distinct from_ laterals joins where group having qualify windows order limit offset sample"),
    "Table": names("this alias db catalog joins laterals pivots sample ordinality"),
    "Subquery": names("this alias with_ joins laterals pivots sample where group having order limit offset"),
    "With": names("expressions recursive search"),
}
"""Of these parts, all that they may have."""
