//! What is a property as a value of a SQL type?
//!
//! The expected values are those of `TRY_CAST(text AS type)` in DuckDB 2.0.0, but
//! for the lines that say otherwise.

use super::{cell, property};
use crate::contract::SqlType;

/// The text as a string property, cast.
pub(super) fn cast(text: &str, sql_type: &SqlType) -> Option<String> {
    let value = serde_json::to_string(text).unwrap();
    cell(property("a", *sql_type), format!(r#"{{"event":"e","properties":{{"a":{value}}}}}"#))
}

pub(super) fn check(sql_type: SqlType, table: &[(&str, Option<&str>)]) {
    for (text, expected) in table {
        assert_eq!(cast(text, &sql_type).as_deref(), *expected, "{text:?} as {sql_type}");
    }
}

#[test]
fn booleans() {
    let yes = ["true", "TRUE", "tRuE", "t", "T", "yes", "Yes", "y", "Y", "1"].map(|text| (text, Some("true")));
    let no = ["false", "f", "F", "no", "NO", "n", "N", "0"].map(|text| (text, Some("false")));
    let none = ["", "on", "off", "2", "-1", "1.0", "00", "01", " true", "true ", "null"].map(|text| (text, None));
    for table in [&yes[..], &no, &none] {
        check(SqlType::Boolean, table);
    }
}

#[test]
fn whole_numbers() {
    let table = [
        ("1", Some("1")),
        ("1.5", Some("2")),
        ("2.5", Some("3")),
        ("-1.5", Some("-2")),
        ("0.5", Some("1")),
        ("-0.5", Some("-1")),
        ("1.4999999999999999999999999999", Some("1")),
        ("1e3", Some("1000")),
        ("1E+3", Some("1000")),
        ("1.5e1", Some("15")),
        ("15e-1", Some("2")),
        ("5e-1", Some("1")),
        ("49e-2", Some("0")),
        ("1e-400", Some("0")),
        ("1.", Some("1")),
        (".5", Some("1")),
        ("+7", Some("7")),
        ("007", Some("7")),
        ("  7  ", Some("7")),
        ("\t7\n", Some("7")),
        ("1_000", Some("1000")),
        ("0x10", Some("16")),
        ("0XfF", Some("255")),
        ("0x1_0", Some("16")),
        ("0b11", Some("3")),
        ("12345678901e-5", Some("123457")),
        ("2147483647", Some("2147483647")),
        ("2147483647.4", Some("2147483647")),
        ("-2147483648", Some("-2147483648")),
    ];
    check(SqlType::Integer, &table);
    check(SqlType::BigInt, &table);
    let none = [
        "",
        " ",
        "-",
        "+",
        "--7",
        ".",
        "1e",
        "1e-",
        ".e1",
        "1..2",
        "1__0",
        "_1",
        "1_",
        "1_.5",
        "1._5",
        "1e1_0",
        "0x",
        "0xg",
        "0x_1",
        "-0x10",
        "+0x10",
        "0x1.5",
        "0b2",
        "0o7",
        "1 2",
        "1,000",
        "1d",
        "1e3.5",
        "NaN",
        "true",
        "1e400",
        "1e2147483648",
        "٣",
        "\u{a0}7",
    ];
    for sql_type in [SqlType::Integer, SqlType::BigInt] {
        check(sql_type, &none.map(|text| (text, None)));
    }
    // DuckDB takes `1e1_0` for a BIGINT, though not for an INTEGER.
    check(
        SqlType::Integer,
        &["2147483648", "2147483647.5", "1e10", "0x80000000", "214748364.75e1"].map(|text| (text, None)),
    );
    check(
        SqlType::BigInt,
        &[
            ("9223372036854775807", Some("9223372036854775807")),
            ("9223372036854775807.4", Some("9223372036854775807")),
            ("9223372036854775806.5", Some("9223372036854775807")),
            ("9223372036854775807.5", None),
            ("9223372036854775808", None),
            ("-9223372036854775808", Some("-9223372036854775808")),
            ("-9223372036854775808.4", Some("-9223372036854775808")),
            ("-9223372036854775808.5", None),
            ("9007199254740993", Some("9007199254740993")),
            ("1e18", Some("1000000000000000000")),
            ("1e19", None),
            // DuckDB: NULL, because the digits alone are too many.
            ("100000000000000000000e-19", Some("10")),
        ],
    );
}

#[test]
fn doubles() {
    check(
        SqlType::Double,
        &[
            ("1", Some("1")),
            ("1.5", Some("1.5")),
            ("+1.5", Some("1.5")),
            ("  1.5 ", Some("1.5")),
            ("1.", Some("1")),
            (".5", Some("0.5")),
            ("1e5 ", Some("100000")),
            ("1_000.5", Some("1000.5")),
            ("1.5_5", Some("1.55")),
            ("-0", Some("-0")),
            ("123456789012345678901234567890", Some("123456789012345680000000000000")),
            ("1e400", Some("inf")),
            ("-1e400", Some("-inf")),
            ("1e-400", Some("0")),
            ("1.7976931348623159e308", Some("inf")),
            ("NaN", Some("NaN")),
            ("inf", Some("inf")),
            ("-Infinity", Some("-inf")),
            ("", None),
            (".", None),
            ("1e", None),
            ("1e+", None),
            ("0x10", None),
            ("1,5", None),
            ("1 2", None),
            ("true", None),
            ("1d", None),
            ("infinit", None),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("1_.5", None),
            ("1._5", None),
            // DuckDB: NaN.
            ("nan(1)", None),
        ],
    );
}

#[test]
fn decimals() {
    check(
        SqlType::Decimal(10, 2),
        &[
            ("1.005", Some("1.01")),
            ("1.004", Some("1.00")),
            ("-1.005", Some("-1.01")),
            ("1.995", Some("2.00")),
            ("99999999.99", Some("99999999.99")),
            ("99999999.994", Some("99999999.99")),
            ("99999999.995", None),
            ("-99999999.995", None),
            ("100000000", None),
            ("1e3", Some("1000.00")),
            ("1e7", Some("10000000.00")),
            ("1e8", None),
            ("1.5e-1", Some("0.15")),
            ("5e-3", Some("0.01")),
            ("4e-3", Some("0.00")),
            ("1.23456789e2", Some("123.46")),
            ("1e-400", Some("0.00")),
            ("1e400", None),
            (" 1.5 ", Some("1.50")),
            ("+1.5", Some("1.50")),
            ("-.5", Some("-0.50")),
            ("1.", Some("1.00")),
            ("1_000", Some("1000.00")),
            ("1.00000000000000000000000000000000000000000001", Some("1.00")),
            ("", None),
            (".", None),
            ("-", None),
            ("1.5e", None),
            ("0x10", None),
            ("1_.5", None),
            ("abc", None),
            ("NaN", None),
            // DuckDB: NULL, because the digits alone are too many.
            ("12345678901e-5", Some("123456.79")),
        ],
    );
    check(
        SqlType::Decimal(38, 0),
        &[
            ("99999999999999999999999999999999999999", Some("99999999999999999999999999999999999999")),
            ("100000000000000000000000000000000000000", None),
            ("2.5", Some("3")),
            ("1e37", Some("10000000000000000000000000000000000000")),
            ("1e38", None),
        ],
    );
    check(
        SqlType::Decimal(4, 4),
        &[("0.12345", Some("0.1235")), ("0.99994", Some("0.9999")), ("0.99995", None), ("1", None)],
    );
}

#[test]
fn lists() {
    for (value, texts, numbers) in [
        ("[]", Some("[]"), Some("[]")),
        ("[ ]", Some("[]"), Some("[]")),
        (r#"["a","b\u00e9"]"#, Some("[a|bé]"), Some("[NULL|NULL]")),
        (r#"["1", 2.5 ,null,true]"#, Some("[1|2.5|NULL|true]"), Some("[1|3|NULL|NULL]")),
        (
            r#"[{"x":[1,2]},[3,"a longer text, with a comma"]]"#,
            Some(r#"[{"x":[1,2]}|[3,"a longer text, with a comma"]]"#),
            Some("[NULL|NULL]"),
        ),
        ("null", None, None),
        (r#""[1]""#, None, None),
        ("{}", None, None),
        ("1", None, None),
    ] {
        let line = format!(r#"{{"event":"e","properties":{{"$insert_id":"x","b":1,"distinct_id":"y","a":{value}}}}}"#);
        for (item, expected) in [(&SqlType::Varchar, texts), (&SqlType::Integer, numbers)] {
            let column = property("a", SqlType::List(item));
            assert_eq!(cell(column.clone(), &line).as_deref(), expected, "{value}");
            let closed = super::row(&[column, super::Column::Properties], &line);
            assert_eq!(closed[0].as_deref(), expected, "{value}");
        }
    }
    let nested = property("a", SqlType::List(&SqlType::List(&SqlType::BigInt)));
    assert_eq!(cell(nested, r#"{"event":"e","properties":{"a":[[1,2],3,[]]}}"#).as_deref(), Some("[[1|2]|NULL|[]]"));
}

#[test]
fn json_values_are_cast_as_their_text() {
    for (value, sql_type, expected) in [
        ("true", SqlType::Boolean, Some("true")),
        ("0", SqlType::Boolean, Some("false")),
        ("2.5", SqlType::BigInt, Some("3")),
        ("1e3", SqlType::Integer, Some("1000")),
        ("1e400", SqlType::Double, Some("inf")),
        ("123456789012345678901234567890.5", SqlType::Decimal(38, 1), Some("123456789012345678901234567890.5")),
        ("null", SqlType::BigInt, None),
        ("{}", SqlType::BigInt, None),
        ("null", SqlType::Varchar, None),
        ("[1, 2]", SqlType::Varchar, Some("[1, 2]")),
    ] {
        let line = format!(r#"{{"event":"e","properties":{{"a":{value}}}}}"#);
        assert_eq!(cell(property("a", sql_type), line).as_deref(), expected, "{value} as {sql_type}");
    }
}
