//! The span of a request, shared by those who serve it.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::traces::Span;
use crate::traces::caller::Caller;
use crate::traces::collector::Sink;
use crate::traces::span::Moment;

/// Statuses from here on are failures of ours.
const SERVER_ERRORS: u16 = 500;

#[derive(Clone)]
pub struct RequestSpan(Arc<Shared>);

struct Shared {
    sink: Arc<Sink>,
    method: &'static str,
    route: String,
    began: Moment,
    /// None while it is not to be recorded.
    span: Mutex<Option<Span>>,
}

impl RequestSpan {
    /// `route` is the template, not what fills it.
    pub(super) fn begin(sink: &Arc<Sink>, method: &'static str, route: &str) -> Self {
        let (sink, route, began) = (Arc::clone(sink), route.to_owned(), Moment::now());
        let span = Mutex::new(None);
        let this = Self(Arc::new(Shared { sink, method, route, began, span }));
        if this.0.sink.samples() {
            *this.span() = Some(this.new_span());
        }
        this
    }

    /// Goes on with the trace of a caller who is known: others must not decide what is recorded.
    pub(crate) fn join(&self, traceparent: &str) {
        let Some(caller) = Caller::parse(traceparent) else { return };
        let mut span = self.span();
        if caller.sampled {
            span.get_or_insert_with(|| self.new_span()).join(&caller);
        } else if let Some(span) = span.take() {
            span.discard();
        }
    }

    /// A part of it, if it is recorded.
    pub(crate) fn child(&self, name: &str) -> Option<Span> {
        self.span().as_ref()?.child(name)
    }

    /// It was answered.
    pub(crate) fn end(&self, status: u16) {
        let Some(mut span) = self.span().take() else { return };
        span.number("http.response.status_code", status.into());
        if status >= SERVER_ERRORS {
            span.failed();
        }
    }

    fn new_span(&self) -> Span {
        let Shared { sink, method, route, began, .. } = &*self.0;
        let mut span = Span::root(sink, &format!("{method} {route}"), *began);
        span.serves();
        span.word("http.request.method", method);
        span.word("http.route", route);
        span
    }

    /// A span is whole at every moment, whatever its holder did.
    fn span(&self) -> MutexGuard<'_, Option<Span>> {
        self.0.span.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
