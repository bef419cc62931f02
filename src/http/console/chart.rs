//! Charts, drawn on the server as SVG: lines, or bars where there are few points. Colours come from the stylesheet, by class alone, so that
//! they follow light and dark, and no style stands in the page. Whoever does not see them has the table of the same numbers beside them.

use std::fmt::Write as _;

/// The picture, in units of its own.
const WIDTH: u64 = 720;
const HEIGHT: u64 = 240;

/// Where the axes are: room for numbers on the left, and for days below.
const LEFT: u64 = 64;
const RIGHT: u64 = 12;
const TOP: u64 = 12;
const BOTTOM: u64 = 28;

/// Lines of the grid above the axis.
const STEPS: u64 = 4;

/// The most points of which bars are made.
const MOST_BARS: usize = 31;

/// The most names of points that stand below the axis.
const MOST_NAMES: usize = 7;

/// How often something happened, point by point.
pub(super) struct Series<'a> {
    /// What it is called.
    pub(super) name: &'a str,
    /// The class of its colour in the stylesheet.
    pub(super) class: &'static str,
    /// A number for each point.
    pub(super) counts: &'a [u64],
}

/// What is drawn.
pub(super) struct Chart<'a> {
    /// By what it is told from other charts of the page: letters.
    pub(super) id: &'static str,
    /// What it shows.
    pub(super) title: &'a str,
    /// The same in a sentence or two, for those who do not see it.
    pub(super) description: &'a str,
    /// The names of the points, such as days.
    pub(super) points: &'a [String],
    /// What is shown of each.
    pub(super) series: &'a [Series<'a>],
}

/// The chart as one element `svg`.
pub(super) fn draw(chart: &Chart<'_>) -> String {
    let most = chart.series.iter().flat_map(|series| series.counts).copied().max().unwrap_or(0);
    let step = step_for(most);
    let top = u128::from(step) * u128::from(STEPS);
    let id = chart.id;
    let mut svg = String::new();
    // Writing into a text cannot fail.
    let _ = write!(
        svg,
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\
         <title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>",
        escaped(chart.title),
        escaped(chart.description)
    );
    for line in 0..=STEPS {
        let number = step.saturating_mul(line);
        let y = height(u128::from(step) * u128::from(line), top);
        let class = if line == 0 { "axis" } else { "grid" };
        let _ = write!(
            svg,
            "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>\
             <text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"end\" dominant-baseline=\"middle\">{}</text>",
            WIDTH - RIGHT,
            tenths(y),
            tenths(y),
            LEFT - 8,
            tenths(y),
            short(number)
        );
    }
    names(&mut svg, chart.points);
    if chart.points.len() <= MOST_BARS {
        bars(&mut svg, chart, top);
    } else {
        for series in chart.series {
            line(&mut svg, series, chart.points.len(), top);
        }
    }
    svg.push_str("</svg>");
    svg
}

/// Days below the axis: the first, the last, and some between.
fn names(svg: &mut String, points: &[String]) {
    let apart = points.len().div_ceil(MOST_NAMES).max(1);
    for (place, name) in points.iter().enumerate().filter(|(place, _)| place % apart == 0) {
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            tenths(middle(place, points.len())),
            HEIGHT - 8,
            escaped(name)
        );
    }
}

fn bars(svg: &mut String, chart: &Chart<'_>, top: u128) {
    let (points, many) = (wide(chart.points.len()).max(1), wide(chart.series.len()).max(1));
    // A fifth of each point's room is left free.
    let room = inner() / points;
    let each = room * 4 / 5 / many;
    for (nth, series) in chart.series.iter().enumerate() {
        let _ = write!(svg, "<g><title>{}</title>", escaped(series.name));
        for (place, count) in series.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let begin = u128::from(LEFT) * 10 + wide(place) * room + room / 10 + wide(nth) * each;
            let y = height(u128::from(*count), top);
            let _ = write!(
                svg,
                "<rect class=\"bar {}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                series.class,
                tenths(begin),
                tenths(y),
                tenths(each.max(5)),
                tenths(ground() - y)
            );
        }
        svg.push_str("</g>");
    }
}

fn line(svg: &mut String, series: &Series<'_>, points: usize, top: u128) {
    let mut places = String::new();
    for (place, count) in series.counts.iter().enumerate() {
        let _ = write!(
            places,
            "{}{},{}",
            if place == 0 { "" } else { " " },
            tenths(middle(place, points)),
            tenths(height(u128::from(*count), top))
        );
    }
    let _ = write!(
        svg,
        "<g><title>{}</title><polyline class=\"line {}\" fill=\"none\" points=\"{places}\"/></g>",
        escaped(series.name),
        series.class
    );
}

/// Between the axes, in tenths of a unit.
fn inner() -> u128 {
    u128::from(WIDTH - LEFT - RIGHT) * 10
}

/// The lower axis, in tenths of a unit from above.
fn ground() -> u128 {
    u128::from(HEIGHT - BOTTOM) * 10
}

/// The middle of a point's room, in tenths of a unit from the left.
fn middle(place: usize, points: usize) -> u128 {
    let points = wide(points).max(1);
    u128::from(LEFT) * 10 + inner() * (2 * wide(place) + 1) / (2 * points)
}

/// How far from above a number is, in tenths of a unit, if the grid ends at `top`.
fn height(number: u128, top: u128) -> u128 {
    let room = ground() - u128::from(TOP) * 10;
    ground() - (room * number / top.max(1)).min(room)
}

fn wide(number: usize) -> u128 {
    u128::try_from(number).unwrap_or(u128::MAX)
}

fn tenths(number: u128) -> String {
    format!("{}.{}", number / 10, number % 10)
}

/// The distance between lines of the grid: 1, 2 or 5 and noughts, so that the highest number is not above the last line.
fn step_for(most: u64) -> u64 {
    let mut unit: u64 = 1;
    loop {
        for step in [1, 2, 5].map(|digit| unit.saturating_mul(digit)) {
            if step.saturating_mul(STEPS) >= most || step == u64::MAX {
                return step;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

/// A number in few characters: `12`, `4.5k`, `20M`.
fn short(number: u64) -> String {
    let units = [
        (1_000_000_000_000_000_000, "E"),
        (1_000_000_000_000_000, "P"),
        (1_000_000_000_000, "T"),
        (1_000_000_000, "G"),
        (1_000_000, "M"),
        (1_000, "k"),
    ];
    for (unit, name) in units {
        if number >= unit {
            let (whole, tenth) = (number / unit, number % unit / (unit / 10));
            return if tenth == 0 { format!("{whole}{name}") } else { format!("{whole}.{tenth}{name}") };
        }
    }
    number.to_string()
}

/// A text between tags.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(count: usize) -> Vec<String> {
        (0..count).map(|day| format!("day {day}")).collect()
    }

    fn drawn(points: &[String], counts: &[&[u64]]) -> String {
        let series: Vec<_> =
            counts.iter().map(|counts| Series { name: "n", class: "good", counts }).collect();
        let chart = Chart { id: "a", title: "T", description: "D", points, series: &series };
        draw(&chart)
    }

    /// All numbers of an attribute.
    fn values(svg: &str, name: &str) -> Vec<f64> {
        svg.split(&format!(" {name}=\""))
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
            .collect()
    }

    #[test]
    fn nothing_one_and_a_year_are_drawn_within_the_picture() {
        let year: Vec<u64> = (0..365).map(|day| day * 7 % 50).collect();
        for (count, series) in [(0, &[][..]), (1, &[0]), (1, &[7]), (30, &year[..30]), (365, &year[..])] {
            let svg = drawn(&days(count), &[series, series]);
            for (name, most) in [("x", 720.0), ("y", 240.0), ("x2", 720.0), ("y2", 240.0)] {
                assert!(values(&svg, name).iter().all(|at| (0.0..=most).contains(at)), "{svg}");
            }
            let rects = values(&svg, "height");
            let tops = values(&svg.split("<rect").skip(1).collect::<Vec<_>>().join(" "), "y");
            assert!(rects.iter().zip(&tops).all(|(height, y)| height + y <= 212.01), "{svg}");
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
            assert!(!svg.contains("NaN") && !svg.contains("style="));
        }
        assert_eq!(drawn(&days(3), &[&[1, 2, 0]]).matches("<rect").count(), 2);
        assert_eq!(drawn(&days(365), &[&year]).matches("<polyline").count(), 1);
        let labels = drawn(&days(365), &[&year]).matches(">day ").count();
        assert!((4..=7).contains(&labels), "{labels}");
    }

    #[test]
    fn the_highest_number_is_at_most_at_the_highest_line() {
        for (most, step) in [
            (0, 1),
            (4, 1),
            (5, 2),
            (8, 2),
            (9, 5),
            (20, 5),
            (21, 10),
            (1_000, 500),
            (u64::MAX, 5_000_000_000_000_000_000),
        ] {
            assert_eq!(step_for(most), step, "{most}");
        }
        let svg = drawn(&days(2), &[&[u64::MAX, 1]]);
        assert!(values(&svg, "y").iter().all(|y| (0.0..=240.0).contains(y)), "{svg}");
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1k"), (4_500, "4.5k"), (20_000_000, "20M"), (u64::MAX, "18.4E")]
        {
            assert_eq!(short(number), text);
        }
    }

    #[test]
    fn what_it_says_is_text() {
        let points = vec!["<b>\"'&".to_owned()];
        let counts: &[u64] = &[1];
        let series = [Series { name: "n", class: "good", counts }];
        let evil = "</title><script>alert('x')</script>";
        let svg = draw(&Chart { id: "a", title: evil, description: evil, points: &points, series: &series });
        assert!(!svg.contains("<script") && !svg.contains("<b>"), "{svg}");
        assert_eq!(svg.matches("&lt;script&gt;").count(), 2);
        assert!(svg.contains("role=\"img\" aria-labelledby=\"a-title a-desc\""));
    }
}
