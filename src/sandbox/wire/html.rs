//! The hosted page's HTML, in Japanese and English. Plain forms: it works without script.

use crate::sandbox::sessions::Session;
use crate::sandbox::sessions::Stage;
use crate::sandbox::wire::html::Language::English;
use crate::sandbox::wire::html::Language::Japanese;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #17233a; --soft: #5b6780; --line: #dfe4ee; --card: #fff;
  --ground: #f3f5fa; --act: #1f5bd8; --note: #fff4d6; --note-ink: #6b4b00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf5; --soft: #9aa6be; --line: #303a50;
  --card: #1b2334; --ground: #10151f; --act: #4c82f0; --note: #3a3015; --note-ink: #f3d68a; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink);
  font: 16px/1.65 system-ui, 'Hiragino Sans', 'Noto Sans JP', 'Noto Sans CJK JP', sans-serif; }
.note { background: var(--note); color: var(--note-ink); text-align: center; font-size: 14px;
  padding: 8px 16px; }
main { max-width: 440px; margin: 40px auto; padding: 0 16px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  padding: 28px; box-shadow: 0 8px 28px rgb(20 35 70 / 8%); }
h1 { font-size: 22px; line-height: 1.4; margin: 0 0 12px; }
p { margin: 0 0 16px; }
dl { margin: 20px 0; border-top: 1px solid var(--line); font-size: 14px; }
dl div { display: flex; justify-content: space-between; gap: 16px; padding: 10px 0;
  border-bottom: 1px solid var(--line); }
dt { color: var(--soft); white-space: nowrap; }
dd { margin: 0; text-align: right; overflow-wrap: anywhere; min-width: 0; }
form { margin: 0; }
button, .button { display: block; width: 100%; border-radius: 10px; padding: 13px; font: inherit;
  font-weight: 600; text-align: center; text-decoration: none; cursor: pointer;
  border: 1px solid var(--line); background: transparent; color: var(--ink); margin-top: 12px; }
.act { background: var(--act); border-color: var(--act); color: #fff; }
button:focus-visible, a:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
.small button { width: auto; margin: 0; padding: 0; border: 0; font-weight: 400; font-size: 13px;
  color: var(--soft); text-decoration: underline; display: inline; }
.small { text-align: center; margin-top: 20px; font-size: 13px; color: var(--soft); }
footer { text-align: center; color: var(--soft); font-size: 13px; margin: 20px 0 40px; }
footer a { color: inherit; }
";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Japanese,
    English,
}

/// What a stage says.
struct Words {
    heading: &'static str,
    text: &'static str,
}

impl Language {
    /// The one asked for, else the session's, else that of the country.
    pub(super) fn of(asked: Option<&str>, locale: Option<&str>) -> Language {
        match asked.filter(|asked| ["en", "ja"].contains(asked)).or(locale) {
            Some("en") => English,
            Some(_) | None => Japanese,
        }
    }

    fn code(self) -> &'static str {
        self.pick("ja", "en")
    }

    fn pick(self, japanese: &'static str, english: &'static str) -> &'static str {
        match self {
            Japanese => japanese,
            English => english,
        }
    }

    fn words(self, stage: Stage) -> Words {
        let (heading, text) = match stage {
            Stage::Open => (
                self.pick("お支払い方法の登録", "Save your way to pay"),
                self.pick(
                    "このお店で次回からのお支払いに使えるよう、Smartpayアカウントを登録します。\
                     今すぐ請求されることはありません。",
                    "The shop may charge your Smartpay account for what you buy later. Nothing is \
                     charged now.",
                ),
            ),
            Stage::Confirmed => (
                self.pick("登録が完了しています", "Already confirmed"),
                self.pick(
                    "このお支払い方法はすでに登録されています。お店に戻ってお買い物を続けてください。",
                    "This way to pay is saved. You can go back to the shop.",
                ),
            ),
            Stage::Rejected => (
                self.pick("登録できませんでした", "Declined"),
                self.pick(
                    "このお支払い方法はご利用いただけません。お店に戻って別の方法をお選びください。",
                    "This way to pay cannot be used. Go back to the shop and choose another.",
                ),
            ),
            Stage::Expired => (
                self.pick("有効期限が切れています", "This page has expired"),
                self.pick(
                    "お手続きの有効期限が過ぎました。お店に戻ってもう一度お試しください。",
                    "The time to answer is over. Go back to the shop and try again.",
                ),
            ),
        };
        Words { heading, text }
    }
}

pub(super) fn checkout(session: &Session, stage: Stage, language: Language) -> String {
    let words = language.words(stage);
    let again = if session.canceled && stage == Stage::Open {
        language.pick(
            "<p><strong>前回はキャンセルされました。期限までは引き続き登録できます。</strong></p>\n",
            "<p><strong>You canceled last time. Until the time is over you can still confirm.\
             </strong></p>\n",
        )
    } else {
        ""
    };
    let card = format!(
        "<h1>{}</h1>\n<p>{}</p>\n{again}{}{}",
        words.heading,
        words.text,
        details(session, stage, language),
        buttons(session, stage, language),
    );
    let other = language.pick("en", "ja");
    let name = language.pick("English", "日本語");
    let switch = format!("<a href=\"?lang={other}\" lang=\"{other}\">{name}</a>");
    document(language, words.heading, &card, &switch)
}

pub(super) fn unknown(language: Language) -> String {
    let heading = language.pick("ページが見つかりません", "There is no such page");
    document(language, heading, &format!("<h1>{heading}</h1>\n"), "")
}

fn details(session: &Session, stage: Stage, language: Language) -> String {
    let url = &session.terms.success_url;
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let shop = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let until = session.expires_at.to_datetime().with_timezone(&chrono_tz::Asia::Tokyo);
    let until = until.format("%Y-%m-%d %H:%M JST").to_string();
    let reference = session.token.reference().map(|reference| reference.as_str().to_owned());
    let rows = [
        (language.pick("お店", "Shop"), Some(shop.to_owned())),
        (language.pick("内容", "For"), session.terms.description.clone()),
        (language.pick("お店の番号", "Reference"), reference),
        (language.pick("期限", "Valid until"), (stage == Stage::Open).then_some(until)),
    ];
    let rows = rows.into_iter().filter_map(|(name, value)| {
        Some(format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escaped(&value?)))
    });
    format!("<dl>\n{}</dl>\n", rows.collect::<String>())
}

fn buttons(session: &Session, stage: Stage, language: Language) -> String {
    let path = session.path();
    if stage != Stage::Open {
        let terms = &session.terms;
        let url = if stage == Stage::Confirmed { &terms.success_url } else { &terms.cancel_url };
        let back = language.pick("お店に戻る", "Back to the shop");
        return format!("<a class=\"button\" href=\"{}\">{back}</a>\n", escaped(url));
    }
    let form = |answer: &str, class: &str, text: &str| {
        format!(
            "<form method=\"post\" action=\"{}/{answer}\"><button{class}>{text}</button></form>",
            escaped(&path)
        )
    };
    let confirm = form("confirm", " class=\"act\"", language.pick("同意して登録する", "Confirm"));
    let cancel = form("cancel", "", language.pick("キャンセル", "Cancel"));
    let reject = form(
        "reject",
        "",
        language.pick("（サンドボックス）審査で否決する", "(Sandbox) Decline, as Smartpay might"),
    );
    format!("{confirm}\n{cancel}\n<div class=\"small\">{reject}</div>\n")
}

fn document(language: Language, title: &str, card: &str, footer: &str) -> String {
    let note = language.pick(
        "サンドボックス：Smartpayの代わりの画面です。実際の請求は行われません。",
        "Sandbox: this page only pretends to be Smartpay. No money moves.",
    );
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <div class=\"note\">{note}</div>\n<main>\n<div class=\"card\">\n{card}</div>\n</main>\n\
         <footer>{footer}</footer>\n</body>\n</html>\n",
        language.code()
    )
}

/// What a merchant gave must not become markup.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
