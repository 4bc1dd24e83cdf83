//! `mixpanel_dashboard(...)`: the cards of one dashboard, row by row.
//! `GET /api/app/projects/{project_id}/dashboards/{dashboard_id}`, or that of a data view, cached.

use super::{results::result, view_request};
use crate::{
    contract::{Arguments, BoundTable, Function, Param, Result, Session, SqlType, Table, params},
    functions::{
        listing::listing,
        parameters::{QUERY, RAW},
        saved::{BOARD, board},
        target,
    },
    json::Record,
};

pub const DASHBOARD: Function = Function {
    name: "mixpanel_dashboard",
    description: "Cards of one dashboard, one row each: saved reports with their definitions, texts and links.",
    example: "SELECT row, position, type, bookmark_id, name FROM mixpanel_dashboard(501);",
    parameters: params![&[Param::positional(BOARD, SqlType::Any, "Id or URL of the dashboard"), RAW], QUERY],
    bind,
    ..Function::PLAIN
};

/// `{"results": {"id": 501, "layout": {"order": ["r"], "rows": {"r": {"cells": [{"content_id": 8001, "content_type": "report"}]}}},
/// "contents": {"report": {"8001": {"name": "Orders", "type": "insights", "params": {...}}}, "text": {}}}}`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    let id = board(DASHBOARD.name, &arguments, &target)?;
    let request = view_request(&target, "dashboards")?.segment(id.to_string());
    let table = Table::new()
        .integer("row", |card: &Card| card.row)
        .integer("position", |card| card.position)
        .text("type", |card| card.kind.clone())
        .bigint("content_id", |card| card.content_id)
        .bigint("bookmark_id", Card::bookmark_id)
        .text("name", |card| card.said("name").or_else(|| card.said("title")))
        .text("report_type", |card| card.said("type").filter(|_| card.is_report()))
        .text("description", |card| card.said("description"))
        .json("params", |card| card.content.as_ref()?.json("params"))
        .json("content", |card| card.content.as_ref().map(Record::whole));
    listing(&arguments, target, request, read, table)
}

/// One card. Without a row where it is on the board and in no row of it.
struct Card {
    row: Option<i32>,
    position: Option<i32>,
    kind: Option<String>,
    content_id: Option<i64>,
    /// What it shows; `None` where that is gone.
    content: Option<Record>,
}

impl Card {
    fn said(&self, name: &str) -> Option<String> {
        self.content.as_ref()?.text(name)
    }

    fn is_report(&self) -> bool {
        matches!(self.kind.as_deref(), Some("report" | "report-link"))
    }

    /// The report that it shows: a card is one, a link stands for one of another board.
    fn bookmark_id(&self) -> Result<Option<i64>> {
        match (self.kind.as_deref(), &self.content) {
            (Some("report"), _) => Ok(self.content_id),
            (Some("report-link"), Some(link)) => link.bigint("bookmark_id"),
            _ => Ok(None),
        }
    }
}

/// The cards in the order in which the board shows them, then those that are in no row.
fn read(text: &str) -> Result<Vec<Card>> {
    const WHAT: &str = "a dashboard";
    let board = Record::new(WHAT, result(text, WHAT)?);
    board.id("id")?;
    let mut contents = Vec::new();
    if let Some(kinds) = board.record("contents")? {
        for kind in kinds.member_names() {
            let Some(items) = kinds.record(kind)? else { continue };
            for id in items.member_names() {
                contents.extend(items.record(id)?.map(|item| (kind.to_owned(), id.to_owned(), item)));
            }
        }
    }
    let mut cards = Vec::new();
    for (row, cells) in (1..).zip(rows(&board)?) {
        for (position, cell) in (1..).zip(cells) {
            let (kind, id) = (cell.text("content_type"), cell.text("content_id"));
            let shown =
                |(of, item, _): &&(String, String, Record)| Some(of) == kind.as_ref() && Some(item) == id.as_ref();
            let content = contents.iter().find(shown).map(|(_, _, content)| content.clone());
            let content_id = cell.bigint("content_id")?;
            cards.push(Card { row: Some(row), position: Some(position), kind, content_id, content });
        }
    }
    let loose = contents.into_iter().filter_map(|(kind, id, content)| {
        let content_id = id.parse().ok();
        let is_shown = cards.iter().any(|card| card.kind.as_ref() == Some(&kind) && card.content_id == content_id);
        (!is_shown).then_some(Card { row: None, position: None, kind: Some(kind), content_id, content: Some(content) })
    });
    let loose: Vec<Card> = loose.collect();
    cards.extend(loose);
    Ok(cards)
}

/// The cells of each row, in the order that the layout says; rows that it does not name come last.
fn rows(board: &Record) -> Result<Vec<Vec<Record>>> {
    let Some(layout) = board.record("layout")? else { return Ok(Vec::new()) };
    let Some(rows) = layout.record("rows")? else { return Ok(Vec::new()) };
    let order = layout.names("order")?.unwrap_or_default();
    let others = rows.member_names().filter(|name| !order.iter().any(|known| known == name));
    let names = order.iter().map(String::as_str).chain(others);
    names
        .filter_map(|name| rows.record(name).transpose())
        .map(|row| Ok(row?.records("cells")?.unwrap_or_default()))
        .collect()
}
