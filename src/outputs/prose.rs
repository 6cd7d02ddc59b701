//! Prose from control files, made harmless: as HTML for the page, as Markdown for its twin.

use std::fmt;

use askama::filters::Escaper as _;
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};

use super::escape::Markdown;
use super::markdown::{Code, Fence};

/// Prose of a control file, ready to stand in a page: one of the two things that a template may mark as safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prose(String);

impl Prose {
    /// The prose as HTML. Raw HTML in it becomes text, images become their description, headings become bold paragraphs
    /// (the page's own outline stays whole), and links lead only to web addresses or within the page.
    pub(super) fn html(markdown: &str) -> Self {
        let mut page = String::with_capacity(markdown.len() * 2);
        html::push_html(&mut page, harmless(markdown).into_iter());
        Self(page)
    }

    /// The prose as Markdown, under the same rules, written anew so that nothing but what is understood comes through.
    pub(super) fn markdown(markdown: &str) -> Self {
        let mut writer = Writer::default();
        for event in harmless(markdown) {
            writer.event(event);
        }
        Self(writer.finish())
    }

    /// What management wrote in a register, as HTML: the same rules, and no link. Its address stands behind its text.
    pub(super) fn given(markdown: &str) -> Self {
        let mut page = String::with_capacity(markdown.len() * 2);
        html::push_html(&mut page, without_links(markdown).into_iter());
        Self(page)
    }

    /// The same as a quotation in Markdown.
    pub(super) fn quotation(markdown: &str) -> Self {
        let mut writer = Writer::default();
        for event in without_links(markdown) {
            writer.event(event);
        }
        Self(writer.finish().lines().map(|line| format!("> {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n"))
    }

    /// The prose as one line of plain text, not yet escaped, for the cells of a Markdown table.
    pub(super) fn line(markdown: &str) -> String {
        let mut line = String::with_capacity(markdown.len());
        for event in harmless(markdown) {
            match event {
                Event::Text(text) | Event::Code(text) => line.push_str(&text),
                Event::SoftBreak | Event::HardBreak => line.push(' '),
                Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::CodeBlock) => line.push(' '),
                _ => {}
            }
        }
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Prose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The events of a text, raw HTML turned into text and everything dropped that could lead or load from elsewhere.
fn harmless(markdown: &str) -> Vec<Event<'_>> {
    let mut events = Vec::new();
    let mut links_kept = Vec::new();
    // Without extensions: a table of prose would have neither caption nor scopes.
    for event in Parser::new_ext(markdown, Options::empty()) {
        match event {
            Event::Html(text) | Event::InlineHtml(text) => events.push(Event::Text(text)),
            Event::Start(Tag::HtmlBlock) => events.push(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::HtmlBlock) => events.push(Event::End(TagEnd::Paragraph)),
            Event::Start(Tag::Heading { .. }) => events.extend([Event::Start(Tag::Paragraph), Event::Start(Tag::Strong)]),
            Event::End(TagEnd::Heading(_)) => events.extend([Event::End(TagEnd::Strong), Event::End(TagEnd::Paragraph)]),
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {}
            Event::Start(Tag::Link { ref dest_url, .. }) => {
                let kept = leads_somewhere_harmless(dest_url);
                links_kept.push(kept);
                if kept {
                    events.push(event);
                }
            }
            Event::End(TagEnd::Link) => {
                if links_kept.pop() == Some(true) {
                    events.push(event);
                }
            }
            other => events.push(other),
        }
    }
    events
}

/// The same without links: their address becomes text behind theirs, so that nothing leads where evidence says.
fn without_links(markdown: &str) -> Vec<Event<'_>> {
    let mut targets = Vec::new();
    let mut events = Vec::new();
    for event in harmless(markdown) {
        match event {
            Event::Start(Tag::Link { link_type: LinkType::Autolink | LinkType::Email, .. }) => targets.push(None),
            Event::Start(Tag::Link { dest_url, .. }) => targets.push(Some(dest_url)),
            Event::End(TagEnd::Link) => {
                let target = targets.pop().flatten();
                events.extend(target.map(|target| Event::Text(format!(" ({target})").into())));
            }
            other => events.push(other),
        }
    }
    events
}

/// Whether a link may stay: a web address or a place in the page, without characters that need escaping in Markdown.
fn leads_somewhere_harmless(target: &str) -> bool {
    let scheme = target.to_ascii_lowercase();
    (scheme.starts_with("http://") || scheme.starts_with("https://") || scheme.starts_with('#'))
        && !target.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '(' | ')' | '\\'))
}

/// Writes events as Markdown. A list item, a quotation and a block of code are each written on their own first, because
/// only then is known what stands in front of their lines.
#[derive(Default)]
struct Writer<'a> {
    /// What is written so far of what is open, the outermost at the bottom.
    open: Vec<String>,
    /// What is written and closed, or stands outside of any container.
    out: String,
    /// Number of the next item of each open list; none in a bulleted one.
    lists: Vec<Option<u64>>,
    /// Targets of the open links.
    links: Vec<CowStr<'a>>,
    in_code: bool,
}

impl<'a> Writer<'a> {
    fn event(&mut self, event: Event<'a>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.in_code => self.push(&text),
            Event::Text(text) => {
                let _ = Markdown.write_escaped_str(self.target(), &text);
            }
            Event::Code(text) => self.push(&Code::new(&text).to_string()),
            Event::SoftBreak | Event::HardBreak => self.push(" "),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        match tag {
            Tag::Emphasis => self.push("*"),
            Tag::Strong => self.push("**"),
            Tag::Link { dest_url, .. } => {
                self.push("[");
                self.links.push(dest_url);
            }
            Tag::List(first) => {
                self.lists.push(first);
                let target = self.target();
                if !target.is_empty() && !target.ends_with('\n') {
                    target.push('\n');
                }
            }
            Tag::Item | Tag::BlockQuote(_) => self.open.push(String::new()),
            Tag::CodeBlock(_) => {
                self.in_code = true;
                self.open.push(String::new());
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Emphasis => self.push("*"),
            TagEnd::Strong => self.push("**"),
            TagEnd::Link => {
                let target = self.links.pop().unwrap_or(CowStr::Borrowed("#"));
                self.push(&format!("](<{target}>)"));
            }
            TagEnd::Paragraph => {
                let target = self.target();
                target.truncate(target.trim_end().len());
                target.push_str("\n\n");
            }
            TagEnd::CodeBlock => {
                self.in_code = false;
                let code = self.open.pop().unwrap_or_default();
                self.push(&format!("{}\n\n", Fence::new("text", &code)));
            }
            TagEnd::Item => {
                let marker = self.marker();
                self.close(&marker, &" ".repeat(marker.len()));
                self.push("\n");
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.push("\n");
            }
            TagEnd::BlockQuote(_) => {
                self.close("> ", "> ");
                self.push("\n\n");
            }
            _ => {}
        }
    }

    /// What stands in front of the item that ends.
    fn marker(&mut self) -> String {
        match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "- ".to_owned(),
        }
    }

    /// Closes the innermost container: its first line behind `first`, the others behind `rest`.
    fn close(&mut self, first: &str, rest: &str) {
        let body = self.open.pop().unwrap_or_default();
        let lines = body.trim_end().replace('\n', &format!("\n{rest}"));
        self.push(&format!("{first}{lines}"));
    }

    fn push(&mut self, text: &str) {
        self.target().push_str(text);
    }

    fn target(&mut self) -> &mut String {
        self.open.last_mut().unwrap_or(&mut self.out)
    }

    fn finish(self) -> String {
        self.out.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_html_becomes_text() {
        let prose = "<script>alert(1)</script>\n\nand <b onclick=x>here</b>";
        let page = Prose::html(prose).to_string();
        assert!(!page.contains("<script") && !page.contains("<b"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
        let twin = Prose::markdown(prose).to_string();
        assert_eq!(twin, "\\<script\\>alert(1)\\</script\\>\n\nand \\<b onclick=x\\>here\\</b\\>");
    }

    #[test]
    fn only_harmless_links_survive() {
        for hostile in
            ["[go](javascript:alert(1))", "[go](JavaScript:x)", "[go](data:text/html,x)", "[go](file:///etc)", "[go](//x)"]
        {
            assert_eq!(Prose::html(hostile).to_string().trim(), "<p>go</p>", "{hostile}");
            assert_eq!(Prose::markdown(hostile).to_string(), "go", "{hostile}");
        }
        let kept = Prose::html("[go](https://example.org/a) [up](#SUDO-02)").to_string();
        assert_eq!(kept.trim(), r##"<p><a href="https://example.org/a">go</a> <a href="#SUDO-02">up</a></p>"##);
        assert_eq!(Prose::markdown("[go](https://example.org/a)").to_string(), "[go](<https://example.org/a>)");
    }

    #[test]
    fn images_become_their_description_and_headings_paragraphs() {
        assert_eq!(Prose::html("![a *plan*](https://example.org/x.png)").to_string().trim(), "<p>a <em>plan</em></p>");
        assert_eq!(Prose::html("# Title").to_string().trim(), "<p><strong>Title</strong></p>");
    }

    #[test]
    fn structure_survives_in_the_twin() {
        let prose = "One *two* **three** `f|o`o`:\n\n- a\n  1. b\n- c\n\n> quoted\n> on\n\n    code\n    ```\n";
        let expected = "One *two* **three** `f|o`o\\`:\n\n- a\n  1. b\n- c\n\n> quoted on\n\n````text\ncode\n```\n````";
        assert_eq!(Prose::markdown(prose).to_string(), expected);
    }

    #[test]
    fn what_management_writes_leads_nowhere_and_is_quoted() {
        let given = "It was [known](https://example.org/a) <https://example.org/b>.\n\n- *one*\n- <b>two</b>";
        let page = Prose::given(given).to_string();
        assert!(!page.contains("<a") && !page.contains("<b>"), "{page}");
        assert!(page.contains("known (https://example.org/a) https://example.org/b."), "{page}");
        assert_eq!(
            Prose::quotation(given).to_string(),
            "> It was known (https\\://example.org/a) https\\://example.org/b.\n>\n> - *one*\n> - \\<b\\>two\\</b\\>"
        );
    }

    #[test]
    fn a_cell_is_one_line() {
        assert_eq!(Prose::line("Every `sudo`\nline.\n\n- a | b\n- <i>c</i>"), "Every sudo line. a | b <i>c</i>");
    }
}
