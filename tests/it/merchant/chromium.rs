//! A real browser, driven over a pipe in its own protocol: no driver and no library between.
#![expect(clippy::indexing_slicing, reason = "a document without what is looked for fails")]

use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::BufReader;
use tokio::process;
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_mins(1);
const NAMES: &str =
    "command -v chromium || command -v chromium-browser || command -v google-chrome";
/// Its pipe is at the descriptors 3 and 4; ours are those of every process.
const WITH_PIPE: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;

/// One window. The process ends with it.
pub(super) struct Chromium {
    _process: process::Child,
    input: process::ChildStdin,
    output: BufReader<process::ChildStdout>,
    calls: u64,
    window: Option<String>,
    _profile: TempDir,
}

impl Chromium {
    /// None where there is none.
    pub(super) async fn open() -> Option<Chromium> {
        let found = Command::new("sh").args(["-c", NAMES]).output().unwrap();
        let path = String::from_utf8(found.stdout).unwrap();
        let path = path.lines().next()?.to_owned();
        let profile = tempfile::tempdir().unwrap();
        let mut command = process::Command::new("sh");
        command
            .args(["-c", WITH_PIPE, &path, "--headless=new", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            // The tests may run as root, in a container, and off every network.
            .args(["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args(["--no-proxy-server", "--disable-background-networking"])
            .args(["--window-size=420,820", "about:blank"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut chromium = Chromium {
            _process: process,
            input,
            output,
            calls: 0,
            window: None,
            _profile: profile,
        };
        let page = json!({"url": "about:blank"});
        let made = chromium.calls("Target.createTarget", page).await;
        let attach = json!({"targetId": made["targetId"], "flatten": true});
        let attached = chromium.calls("Target.attachToTarget", attach).await;
        chromium.window = Some(attached["sessionId"].as_str().unwrap().to_owned());
        chromium.calls("Page.enable", json!({})).await;
        Some(chromium)
    }

    /// As typed into the address bar.
    pub(super) async fn goes_to(&mut self, url: &str) {
        let answer = self.calls("Page.navigate", json!({"url": url})).await;
        assert_eq!(answer.get("errorText"), None, "{url}: {answer}");
        self.until("document.readyState == 'complete'").await;
    }

    /// Presses with the mouse what is there to be seen.
    pub(super) async fn presses(&mut self, selector: &str) {
        let middle = format!(
            "(() => {{ const box = document.querySelector({selector:?}).getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        );
        let middle = self.evaluates(&middle).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({
                "type": kind, "x": middle[0], "y": middle[1], "button": "left", "clickCount": 1,
            });
            self.calls("Input.dispatchMouseEvent", event).await;
        }
    }

    pub(super) async fn goes_back(&mut self) {
        self.evaluates("history.back()").await;
    }

    pub(super) async fn reloads(&mut self) {
        // Forgotten by the page that comes instead.
        self.evaluates("window.isOld = true").await;
        self.calls("Page.reload", json!({})).await;
        self.until("!window.isOld").await;
    }

    /// Until the whole page of this address, without what may follow it, is shown.
    pub(super) async fn is_at(&mut self, url: &str) {
        let there = format!("location.href.startsWith({url:?})");
        self.until(&format!("{there} && document.readyState == 'complete'")).await;
    }

    pub(super) async fn says(&mut self, text: &str) {
        self.until(&format!("document.body.innerText.includes({text:?})")).await;
    }

    pub(super) async fn text(&mut self) -> String {
        let text = self.evaluates("document.body.innerText").await;
        text.as_str().unwrap().to_owned()
    }

    /// What somebody would see, as PNG.
    pub(super) async fn picture(&mut self) -> Vec<u8> {
        let answer = self.calls("Page.captureScreenshot", json!({"format": "png"})).await;
        STANDARD.decode(answer["data"].as_str().unwrap()).unwrap()
    }

    async fn until(&mut self, condition: &str) {
        let began = Instant::now();
        while self.evaluates(condition).await != json!(true) {
            if began.elapsed() > DEADLINE {
                let place = self.evaluates("location.href").await;
                panic!("it never holds that {condition}: the browser is at {place}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Null while a page gives way to another.
    async fn evaluates(&mut self, expression: &str) -> Value {
        let ask = json!({"expression": expression, "returnByValue": true, "userGesture": true});
        let answer = self.asks("Runtime.evaluate", ask).await;
        answer.pointer("/result/result/value").cloned().unwrap_or_default()
    }

    async fn calls(&mut self, method: &str, parameters: Value) -> Value {
        let answer = self.asks(method, parameters).await;
        assert_eq!(answer.get("error"), None, "{method}: {answer}");
        answer["result"].clone()
    }

    /// Messages end with a zero byte; those that are no answer tell of events.
    async fn asks(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": parameters});
        if let Some(window) = &self.window {
            call["sessionId"] = json!(window);
        }
        let mut bytes = call.to_string().into_bytes();
        bytes.push(0);
        self.input.write_all(&bytes).await.unwrap();
        let answer = async {
            loop {
                let mut message = Vec::new();
                let read = self.output.read_until(0, &mut message).await.unwrap();
                assert_ne!(read, 0, "the browser is gone");
                message.pop();
                let message: Value = serde_json::from_slice(&message).unwrap();
                if message["id"] == json!(self.calls) {
                    return message;
                }
            }
        };
        timeout(DEADLINE, answer).await.expect("the browser does not answer")
    }
}
