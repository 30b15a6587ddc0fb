"""Which functions a query may use: those known to compute and nothing else. Whatever is not named here is refused, so that a function
which reads a file, waits, calls another server, takes a lock or counts up a sequence need not be known by name to be kept out."""

from collections.abc import Mapping

from hulk.modules.tools.adapters.backends.sql.syntax import names

KNOWN = names(
    """
    Abs Acos Acosh AddMonths And AnyValue ApproxDistinct ApproxQuantile ApproxQuantiles ApproxTopK ArgMax ArgMin Array ArrayAgg
    ArrayAll ArrayAny ArrayAppend ArrayConcat ArrayContainedBy ArrayContains ArrayContainsAll ArrayDistinct ArrayExcept
    ArrayFilter ArrayFirst ArrayIntersect ArrayLast ArrayMax ArrayMin ArrayOverlaps ArrayPosition ArrayPrepend ArrayRemove
    ArrayReverse ArraySize ArraySlice ArraySort ArraySum ArrayToString ArraysZip Ascii Asin Asinh Atan Atan2 Atanh Avg BitLength
    BitwiseAndAgg BitwiseCount BitwiseOrAgg BitwiseXorAgg ByteLength Case Cast Cbrt Ceil Chr Coalesce Collate Columns Concat
    ConcatWs Contains ConvertTimezone Corr Cos Cosh CosineDistance Cot Count CountIf CovarPop CovarSamp CumeDist CurrentDate
    CurrentDatetime CurrentTime CurrentTimestamp Date DateAdd DateBin DateDiff DateFromParts DateStrToDate DateSub DateToDateStr
    DateTrunc Datetime DatetimeAdd DatetimeDiff DatetimeSub DatetimeTrunc Day DayOfMonth DayOfWeek DayOfWeekIso DayOfYear Dayname
    Degrees DenseRank DotProduct Elt EndsWith EqualNull EuclideanDistance Exists Exp Explode ExplodingGenerateSeries Extract
    Factorial First FirstValue Flatten Floor Format FromBase FromISO8601Date FromISO8601Timestamp GenerateDateArray GenerateSeries
    GenerateTimestampArray Greatest GroupConcat Grouping GroupingId Hex Hour If Initcap IsArray IsInf IsNan IsNullValue JSONArray
    JSONArrayAgg JSONArrayContains JSONBContains JSONBContainsAllTopKeys JSONBContainsAnyTopKeys JSONBContainsTopKey JSONBExists
    JSONBExtract JSONBExtractScalar JSONBObjectAgg JSONBPathExists JSONExists JSONExtract JSONExtractArray JSONExtractScalar
    JSONFormat JSONKeys JSONObject JSONObjectAgg JSONType JSONValueArray JarowinklerSimilarity JustifyDays JustifyHours
    JustifyInterval Kurtosis Lag Last LastDay LastValue Lead Least Left Length Levenshtein List Ln Localtime Localtimestamp Log
    LogicalAnd LogicalOr Lower MD5 MakeInterval Map MapContainsKey MapFromEntries MapKeys MapSize Max Median Min Minute Mode Month
    Monthname MonthsBetween NextDay Normalize NthValue Ntile Nullif NumberToStr Nvl2 Or Overlay Pad ParseJSON PercentRank
    PercentileCont PercentileDisc Pi Posexplode Pow Quantile Quarter Radians Rand Rank Reduce RegexpCount RegexpExtract
    RegexpExtractAll RegexpFullMatch RegexpILike RegexpInstr RegexpLike RegexpReplace RegexpSplit RegrAvgx RegrAvgy RegrCount
    RegrIntercept RegrR2 RegrSlope RegrSxx RegrSxy RegrSyy Replace Reverse Right Round RowNumber SHA SHA2 SafeDivide Second Sign
    Sin Sinh Skewness Soundex Split SplitPart Sqrt StartsWith Stddev StddevPop StddevSamp StrPosition StrToDate StrToTime
    StrToUnix StringToArray Struct StructExtract Substring SubstringIndex Sum Tan Tanh Time TimeAdd TimeDiff TimeFromParts
    TimeStrToDate TimeStrToTime TimeStrToUnix TimeSub TimeToStr TimeToTimeStr TimeToUnix TimeTrunc Timestamp TimestampAdd
    TimestampDiff TimestampFromParts TimestampSub TimestampTrunc ToChar ToDays ToMap ToNumber Transform Translate Trim Trunc Try
    TryCast TsOrDiToDi TsOrDsAdd TsOrDsDiff TsOrDsToDate TsOrDsToDateStr TsOrDsToDatetime TsOrDsToTime TsOrDsToTimestamp Typeof
    Unicode UnixDate UnixMicros UnixMillis UnixSeconds UnixToStr UnixToTime UnixToTimeStr Unnest Upper UtcDate UtcTime
    UtcTimestamp ArrayUniqueAgg VarMap Variance VariancePop Week WeekOfYear WidthBucket Xor Year YearOfWeek YearOfWeekIso
    """
)
"""By the names of sqlglot's classes: the functions that it knows in any dialect."""

_EVERYWHERE = """
    abs acos age asin atan atan2 avg bit_and bit_or bit_xor bit_length cbrt ceil ceiling char_length character_length concat concat_ws
    corr cos cot count covar_pop covar_samp cume_dist date_part dense_rank degrees exp floor greatest hour least left length ln log log10
    log2 lower lpad ltrim max md5 min minute mod month now ntile nullif octet_length percent_rank pi position pow power quarter radians rank
    regexp_count regexp_instr regexp_like regexp_replace regexp_substr replace reverse right round row_number rpad rtrim second sign sin
    split_part sqrt starts_with strpos substr substring sum tan to_char translate trim trunc truncate upper week width_bucket year
"""
_POSTGRES = """
    array_agg array_cat array_length array_lower array_ndims array_position array_positions array_remove array_replace array_to_json
    array_to_string array_upper bool_and bool_or btrim cardinality clock_timestamp date_trunc div every gcd initcap isfinite
    json_agg json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each json_each_text
    json_extract_path json_extract_path_text json_object_agg json_object_keys json_typeof jsonb_agg jsonb_array_elements
    jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path
    jsonb_extract_path_text jsonb_object_agg jsonb_object_keys jsonb_path_exists jsonb_path_query jsonb_path_query_array
    jsonb_path_query_first jsonb_pretty jsonb_typeof justify_days justify_hours justify_interval lcm make_date make_interval make_time
    make_timestamp make_timestamptz num_nonnulls num_nulls percentile_cont percentile_disc plainto_tsquery random regexp_match
    regexp_matches regexp_split_to_array regexp_split_to_table row_to_json scale statement_timestamp string_to_array string_to_table
    timezone to_date to_json to_jsonb to_number to_timestamp to_tsvector transaction_timestamp trim_scale ts_rank unnest
    websearch_to_tsquery
"""
_MYSQL = """
    addtime any_value bin convert_tz crc32 date_format dayname dayofmonth dayofweek dayofyear elt field find_in_set format from_days
    from_unixtime group_concat if ifnull inet_aton inet_ntoa instr is_ipv4 is_ipv6 isnull json_array json_arrayagg json_contains
    json_contains_path json_depth json_extract json_keys json_length json_object json_objectagg json_overlaps json_pretty json_quote
    json_search json_table json_type json_unquote json_valid json_value last_day lcase locate makedate maketime mid monthname
    nvl nvl2 oct ord period_add period_diff quote sec_to_time sha1 sha2 std strcmp str_to_date subtime substring_index time_format
    time_to_sec timediff timestampadd timestampdiff to_days to_seconds ucase unix_timestamp weekday weekofyear yearweek conv
"""
_DUCKDB = """
    approx_count_distinct approx_quantile approx_top_k arg_max arg_max_null arg_min arg_min_null array_agg array_aggregate array_contains
    array_distinct array_extract array_filter array_has array_indexof array_length array_position array_reverse_sort array_slice
    array_sort array_to_string array_transform array_unique bool_and bool_or century contains countif damerau_levenshtein date_add
    date_diff date_sub date_trunc datediff datepart datesub datetrunc dayname dayofmonth dayofweek dayofyear decade
    editdist3 element_at entropy epoch epoch_ms epoch_ns epoch_us equi_width_bins even factorial favg first flatten format fsum gamma gcd
    generate_series geomean geometric_mean greatest_common_divisor hamming histogram ifnull instr isfinite isinf isnan isodow isoyear
    jaccard jaro_similarity jaro_winkler_similarity json_array json_array_length json_contains json_extract json_extract_string json_keys
    json_object json_type json_valid kurtosis kurtosis_pop last last_day lcase lcm levenshtein list list_aggregate list_any_value
    list_append list_avg list_concat list_contains list_count list_distinct list_element list_extract list_filter list_has list_indexof
    list_max list_median list_min list_mode list_position list_reduce list_reverse list_reverse_sort list_select list_slice list_sort
    list_sum list_transform list_unique list_value list_where list_zip listagg mad make_date make_time make_timestamp map map_contains
    map_entries map_extract map_from_entries map_keys map_values max_by median millennium min_by mismatches mode monthname nextafter
    nfc_normalize ord prefix printf product quantile quantile_cont quantile_disc range regexp_extract regexp_extract_all
    regexp_full_match regexp_matches regexp_split_to_array regexp_split_to_table reservoir_quantile row sem skewness str_split
    str_split_regex strftime string_agg string_split string_split_regex string_to_array strip_accents strlen strptime struct_extract
    struct_insert struct_pack substring_grapheme suffix sumkahan time_bucket timezone to_centuries to_days to_decades to_hours to_minutes
    to_months to_quarters to_seconds to_timestamp to_weeks to_years today trim_scale try_strptime ucase unicode unnest weekday weekofyear
    yearweek
"""
_TRINO = """
    all_match any_match any_value approx_distinct approx_percentile approx_most_frequent arbitrary array_agg array_average array_distinct
    array_except array_frequency array_histogram array_intersect array_join array_max array_min array_position array_remove array_sort
    array_sum array_union arrays_overlap at_timezone bitwise_and bitwise_not bitwise_or bitwise_xor bool_and bool_or cardinality checksum
    chr codepoint combinations contains contains_sequence cosine_similarity count_if date_add date_diff date_format date_parse date_trunc
    day_of_month day_of_week day_of_year element_at ends_with entropy every filter flatten format format_datetime format_number
    from_base from_iso8601_date from_iso8601_timestamp from_unixtime from_unixtime_nanos geometric_mean hamming_distance histogram
    human_readable_seconds infinity inverse_normal_cdf is_finite is_infinite is_json_scalar is_nan json_array_contains json_array_get
    json_array_length json_exists json_extract json_extract_scalar json_format json_parse json_query json_size json_value kurtosis
    last_day_of_month levenshtein_distance listagg luhn_check map map_agg map_concat map_entries map_filter map_from_entries map_keys
    map_union map_values map_zip_with max_by min_by multimap_agg multimap_from_entries nan ngrams none_match normal_cdf normalize
    numeric_histogram parse_datetime parse_duration regexp_extract regexp_extract_all regexp_position regexp_split reduce sequence
    shuffle skewness slice split split_to_map soundex to_date to_iso8601 to_milliseconds to_unixtime transform transform_keys
    transform_values trim_array try typeof url_decode url_encode url_extract_fragment url_extract_host url_extract_parameter
    url_extract_path url_extract_port url_extract_protocol url_extract_query week_of_year wilson_interval_lower wilson_interval_upper
    with_timezone word_stem year_of_week yow zip zip_with
"""

_SPARK = """
    aggregate any_value approx_count_distinct approx_percentile array_agg array_append array_compact array_contains array_distinct
    array_except array_insert array_intersect array_join array_max array_min array_position array_prepend array_remove array_repeat
    array_size array_sort array_union arrays_overlap arrays_zip ascii base64 bin bit_count bit_get bool_and bool_or bround btrim cardinality
    char chr coalesce collect_list collect_set concat contains conv convert_timezone crc32 csc cube date_add date_diff date_format
    date_from_unix_date date_sub date_trunc dateadd datediff datepart day dayname dayofmonth dayofweek dayofyear decode e element_at
    elt encode endswith equal_null every exists explode explode_outer expm1 factorial filter find_in_set first first_value flatten forall
    format_number format_string from_csv from_json from_unixtime from_utc_timestamp get get_json_object getbit grouping grouping_id hash hex
    histogram_numeric hypot if ifnull ilike initcap inline inline_outer instr isnan isnotnull isnull json_array_length json_object_keys
    json_tuple kurtosis lag last last_day last_value lcase lead len levenshtein listagg locate log1p make_date make_dt_interval
    make_interval make_timestamp make_ym_interval map map_concat map_contains_key map_entries map_filter map_from_arrays map_from_entries
    map_keys map_values map_zip_with mask max_by median min_by mode monthname months_between named_struct nanvl negative next_day nvl nvl2
    nth_value overlay parse_url percentile percentile_approx percentile_cont percentile_disc pmod posexplode posexplode_outer positive
    quarter randstr reduce regexp regexp_extract regexp_extract_all regexp_replace regexp_substr regr_avgx regr_avgy regr_count
    regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy rint rlike schema_of_json sec sentences sequence session_window sha
    sha1 sha2 shiftleft shiftright shuffle signum size skewness slice some sort_array soundex split stack startswith std str_to_map
    string_agg struct substr substring_index timestamp_micros timestamp_millis timestamp_seconds timestampadd timestampdiff to_csv to_date
    to_json to_number to_timestamp to_unix_timestamp to_utc_timestamp transform transform_keys transform_values try_add try_avg try_divide
    try_element_at try_multiply try_subtract try_sum try_to_number try_to_timestamp typeof ucase unbase64 unhex unix_date unix_micros
    unix_millis unix_seconds unix_timestamp url_decode url_encode weekday weekofyear window window_time xxhash64 zip_with
"""

NAMED: Mapping[str, frozenset[str]] = {
    dialect: names(_EVERYWHERE + own)
    for dialect, own in {"postgres": _POSTGRES, "mysql": _MYSQL, "duckdb": _DUCKDB, "spark": _SPARK, "trino": _TRINO}.items()
}
"""By their names in the dialect, in small letters: those that sqlglot takes as they are written."""
