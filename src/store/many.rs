//! One statement for many rows: a statement costs the same for one row as for sixty-four, on SQLite changes of threads, on PostgreSQL a round
//! trip. Texts are those of one row, as they stand in the code, with the part of that row repeated; there are few numbers of rows, so
//! that the databases remember each text as they have prepared it.

use sqlx::any::AnyArguments;
use sqlx::{
    Any,
    query::{Query, QueryAs},
};

use super::Kind;

/// The most rows of one statement. The widest has 27 values, and SQLite takes 32 766 in one.
pub(super) const MOST: usize = 64;

/// How many rows a statement has: powers of two, and those half way between them.
const SIZES: [usize; 12] = [MOST, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1];

/// As many of so many rows as are one statement.
pub(super) fn at_once(rows: usize) -> usize {
    SIZES.into_iter().find(|size| *size <= rows).unwrap_or_default()
}

/// Splits into parts that are one statement each.
pub(super) fn parts<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut left = rows;
    std::iter::from_fn(move || {
        let (part, rest) = left.split_at(at_once(left.len()));
        left = rest;
        (!part.is_empty()).then_some(part)
    })
}

/// `one`, whose first `VALUES ($1, …)` is one row, with so many of them. On SQLite values have no numbers if they stand in their order
/// anyway: it looks for the name of each among those of all, which with many rows takes longer than the rest.
pub(super) fn rows<'q>(kind: Kind, one: &str, count: usize) -> Query<'q, Any, AnyArguments> {
    let statement = repeat(one, count, kind == Kind::Sqlite);
    sqlx::query(sqlx::AssertSqlSafe(statement))
}

/// `one`, which looks for `IN ($1)`, with so many values in each such place, which are all the values that it has.
pub(super) fn among<'q, O>(one: &str, count: usize) -> QueryAs<'q, Any, O, AnyArguments>
where
    O: for<'r> sqlx::FromRow<'r, sqlx::any::AnyRow>,
{
    let statement = values(one, count);
    sqlx::query_as(sqlx::AssertSqlSafe(statement))
}

/// The same for a statement that gives no rows.
pub(super) fn all_of<'q>(one: &str, count: usize) -> Query<'q, Any, AnyArguments> {
    let statement = values(one, count);
    sqlx::query(sqlx::AssertSqlSafe(statement))
}

const MARK: &str = "VALUES ";

/// Repeats the row, with its values numbered on; or by their order, with `by_order`.
fn repeat(one: &str, count: usize, by_order: bool) -> String {
    let Some((before, behind)) = one.split_once(MARK) else { return one.to_owned() };
    let (row, rest) = behind.split_at(end_of_row(behind));
    let width = row.matches('$').count();
    let by_order = by_order && is_in_order(one, width);
    let mut text =
        String::with_capacity(before.len() + MARK.len() + (row.len() + 8 * width) * count + rest.len());
    text.push_str(before);
    text.push_str(MARK);
    for number in 0..count {
        if number > 0 {
            text.push_str(", ");
        }
        push_row(&mut text, row, (!by_order).then_some(number * width));
    }
    text.push_str(rest);
    text
}

/// Whether all values of a statement are those of the row, each once and one after the other.
fn is_in_order(one: &str, width: usize) -> bool {
    let numbers = one.split('$').skip(1).map(number_of);
    numbers.map(|(number, _)| number).eq(1..=width)
}

/// The number that a text begins with, and what stands behind it.
fn number_of(text: &str) -> (usize, &str) {
    let end = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (digits.parse().unwrap_or_default(), rest)
}

/// Where the parenthesis is closed that the text begins with. No word in quotes holds one.
fn end_of_row(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, char) in text.char_indices() {
        match char {
            '(' => depth += 1,
            ')' if depth == 1 => return at + 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    text.len()
}

/// Adds a row, whose values have numbers behind `offset`, or none.
fn push_row(text: &mut String, row: &str, offset: Option<usize>) {
    let mut pieces = row.split('$');
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (number, rest) = number_of(piece);
        match offset {
            Some(offset) => {
                text.push('$');
                text.push_str(&(number + offset).to_string());
            }
            None => text.push('?'),
        }
        text.push_str(rest);
    }
}

/// There are few numbers of values, so that the databases remember each text.
pub(super) fn padded(count: usize) -> usize {
    count.next_power_of_two()
}

/// The values, and the last one again until there are so many.
pub(super) fn pad<T>(values: &[T]) -> impl Iterator<Item = &T> {
    let again = values.last().into_iter().cycle().take(padded(values.len()) - values.len());
    values.iter().chain(again)
}

fn values(one: &str, count: usize) -> String {
    let list: Vec<_> = (1..=count).map(|number| format!("${number}")).collect();
    one.replace("IN ($1)", &format!("IN ({})", list.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_repeated_and_numbered_on() {
        let one = "insert into t (a, b, c) VALUES ($1, 'x', $2) on conflict do nothing";
        assert_eq!(repeat(one, 1, false), one);
        assert_eq!(
            repeat(one, 3, false),
            "insert into t (a, b, c) VALUES ($1, 'x', $2), ($3, 'x', $4), ($5, 'x', $6) on conflict do nothing"
        );
        let one = "with (VALUES (CAST($1 AS TEXT), $2)) as v";
        assert_eq!(
            repeat(one, 2, false),
            "with (VALUES (CAST($1 AS TEXT), $2), (CAST($3 AS TEXT), $4)) as v"
        );
        assert_eq!(repeat(one, 2, true), "with (VALUES (CAST(? AS TEXT), ?), (CAST(? AS TEXT), ?)) as v");
        // Only where that says the same.
        for one in ["VALUES ($2, $1)", "VALUES ($1, $1)", "x = $2 VALUES ($1)", "VALUES ($1) x = $1"] {
            assert_eq!(repeat(one, 1, true), one);
        }
        assert_eq!(values("where a IN ($1) or b IN ($1)", 2), "where a IN ($1, $2) or b IN ($1, $2)");
    }

    #[test]
    fn every_row_is_in_one_part_in_order() {
        for count in (0..=MOST).chain([65, 200]) {
            let all: Vec<usize> = (0..count).collect();
            let split: Vec<_> = parts(&all).collect();
            assert!(split.iter().all(|part| SIZES.contains(&part.len())), "{split:?}");
            assert!(count > MOST || split.len() <= 3, "{split:?}");
            assert_eq!(split.concat(), all);
        }
    }
}
