//! The charts of docs/figures.md, as SVG.

use std::error::Error;
use std::path::Path;

use plotters::coord::{CoordTranslate, Shift};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Ways;
use super::measure::{Growth, Handshake};

const SIZE: (u32, u32) = (860, 400);
const FONT: &str = "sans-serif";
const OURS: RGBColor = RGBColor(0x1a, 0x7f, 0x5a);
const THEIRS: RGBColor = RGBColor(0x8a, 0x94, 0xa3);
const NOTHING: RGBColor = RGBColor(0xd9, 0xdd, 0xe3);

/// One bar for each way, on a log scale.
pub(super) fn cold_start(file: &Path, ways: &Ways) -> Result<(), Box<dyn Error>> {
    const LEAST: f64 = 10.0;

    let area = area(file)?;
    let most = ways.0.iter().map(|(_, micros)| *micros);
    let most = most.fold(LEAST, f64::max) * 2.0;
    let last = i32::try_from(ways.0.len())? - 1;
    let mut chart = chart(
        &area,
        "First client config of a process, µs (log scale)",
        36,
    )
    .build_cartesian_2d((0..last).into_segmented(), (LEAST..most).log_scale())?;
    let name = |place: &_| name_in(place, &ways.0, |(way, _)| way.clone());
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_label_style((FONT, 13))
        .y_label_style((FONT, 13))
        .x_label_formatter(&name)
        .y_label_formatter(&|micros| format!("{micros:.0}"))
        .draw()?;
    for (nth, (_, micros)) in (0..).zip(&ways.0) {
        let color = if nth == 0 { OURS } else { THEIRS };
        let corners = [
            (SegmentValue::Exact(nth), LEAST),
            (SegmentValue::Exact(nth + 1), *micros),
        ];
        let mut bar = Rectangle::new(corners, color.filled());
        bar.set_margin(0, 0, 24, 24);
        let above = (SegmentValue::CenterOf(nth), micros * 1.2);
        let centered = Pos::new(HPos::Center, VPos::Center);
        let style = (FONT, 14).into_text_style(&area).pos(centered);
        let label = Text::new(format!("{micros:.0}"), above, style);
        chart.draw_series([bar])?;
        chart.draw_series([label])?;
    }
    area.present()?;
    Ok(())
}

/// Three bars for each chain and provider, of the client's time.
pub(super) fn handshakes(file: &Path, handshakes: &[Handshake]) -> Result<(), Box<dyn Error>> {
    const NAMES: [(&str, RGBColor); 3] = [
        ("embedded-roots, chain seen before", OURS),
        ("rustls' own verifier", THEIRS),
        ("a verifier that checks nothing", NOTHING),
    ];

    let area = area(file)?;
    let of_clients = handshakes
        .iter()
        .filter(|handshake| handshake.side == "client");
    let of_clients: Vec<&Handshake> = of_clients.collect();
    let most = of_clients.iter().flat_map(|handshake| handshake.micros);
    let most = most.fold(0.0, f64::max) * 1.15;
    let last = i32::try_from(of_clients.len())? - 1;
    let mut chart = chart(&area, "Client's CPU of a full handshake, µs", 36)
        .build_cartesian_2d((0..last).into_segmented(), 0.0..most)?;
    let name = |place: &_| {
        let shown = |handshake: &&Handshake| format!("{}, {}", handshake.provider, handshake.chain);
        name_in(place, &of_clients, shown)
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_label_style((FONT, 13))
        .y_label_style((FONT, 13))
        .x_label_formatter(&name)
        .y_label_formatter(&|micros| format!("{micros:.0}"))
        .draw()?;
    for (nth, (name, color)) in NAMES.into_iter().enumerate() {
        let bars = (0..).zip(&of_clients).map(|(group, handshake)| {
            let corners = [
                (SegmentValue::Exact(group), 0.0),
                (
                    SegmentValue::Exact(group + 1),
                    handshake.micros.get(nth).copied().unwrap_or_default(),
                ),
            ];
            let mut bar = Rectangle::new(corners, color.filled());
            // A third of the place of a group, which has some 125 pixels.
            let left = 10 + 36 * u32::try_from(nth).unwrap_or_default();
            bar.set_margin(0, 0, left, 120_u32.saturating_sub(left + 34));
            bar
        });
        chart
            .draw_series(bars)?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color.filled()));
    }
    draw_legend(&mut chart, SeriesLabelPosition::UpperRight)?;
    area.present()?;
    Ok(())
}

/// Two lines over the number of other roots, on linear scales, because the growth is linear.
pub(super) fn growth(file: &Path, growth: &[Growth]) -> Result<(), Box<dyn Error>> {
    let area = area(file)?;
    let most = growth.iter().map(|point| point.theirs.max(point.ours));
    let most = most.fold(0.0, f64::max) * 1.2;
    let mut chart = chart(&area, "Verification of a chain, µs", 44)
        .build_cartesian_2d(0.0..10_500.0, 0.0..most)?;
    chart
        .configure_mesh()
        .max_light_lines(0)
        .x_desc("roots beside Mozilla's")
        .x_label_style((FONT, 13))
        .y_label_style((FONT, 13))
        .x_label_formatter(&|others| format!("{others:.0}"))
        .y_label_formatter(&|micros| format!("{micros:.0}"))
        .draw()?;
    let lines = [
        (
            "rustls",
            THEIRS,
            (|point| point.theirs) as fn(&Growth) -> f64,
        ),
        ("embedded-roots", OURS, |point| point.ours),
    ];
    for (name, color, value) in lines {
        let points: Vec<(f64, f64)> = growth
            .iter()
            .map(|point| (f64::from(point.others), value(point)))
            .collect();
        let style = color.stroke_width(2);
        chart
            .draw_series(LineSeries::new(points.iter().copied(), style))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
        chart.draw_series(
            points
                .iter()
                .map(|point| Circle::new(*point, 4, color.filled())),
        )?;
    }
    draw_legend(&mut chart, SeriesLabelPosition::UpperLeft)?;
    area.present()?;
    Ok(())
}

/// The white area of a chart.
fn area(file: &Path) -> Result<DrawingArea<SVGBackend<'_>, Shift>, Box<dyn Error>> {
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    Ok(area)
}

/// A chart with this caption, and room of this height for what is below it.
fn chart<'a, 'b>(
    area: &'a DrawingArea<SVGBackend<'b>, Shift>,
    caption: &str,
    below: u32,
) -> ChartBuilder<'a, 'b, SVGBackend<'b>> {
    let mut chart = ChartBuilder::on(area);
    chart.caption(caption, (FONT, 18)).margin(12);
    chart.x_label_area_size(below).y_label_area_size(64);
    chart
}

/// The name of the item in the middle of a segment.
fn name_in<T>(place: &SegmentValue<i32>, items: &[T], name: impl Fn(&T) -> String) -> String {
    let SegmentValue::CenterOf(nth) = place else {
        return String::new();
    };
    let item = usize::try_from(*nth).ok().and_then(|nth| items.get(nth));
    item.map(name).unwrap_or_default()
}

fn draw_legend<'a, C: CoordTranslate>(
    chart: &mut ChartContext<'a, SVGBackend<'a>, C>,
    position: SeriesLabelPosition,
) -> Result<(), Box<dyn Error>> {
    let mut legend = chart.configure_series_labels();
    legend.position(position).background_style(WHITE);
    legend.border_style(BLACK.mix(0.2)).label_font((FONT, 14));
    Ok(legend.draw()?)
}
