//! The ports of `cqrs-es`, so that its stores and test tools speak of tokens.

use std::convert::Infallible;

use cqrs_es::Aggregate;
use cqrs_es::EventEnvelope;
use cqrs_es::View;
use cqrs_es::event_sink::EventSink;
use serde::Deserialize;
use serde::Serialize;

use crate::token::command::Command;
use crate::token::decide::decide;
use crate::token::event::Event;
use crate::token::state::Token;

/// What every read model of one token begins with: the fold of its events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenView {
    token: Token,
}

impl Aggregate for Token {
    const TYPE: &'static str = "token";
    type Command = Command;
    type Event = Event;
    /// Nothing is refused: an input that adds nothing has no events.
    type Error = Infallible;
    type Services = ();

    async fn handle(
        &mut self,
        command: Command,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Infallible> {
        let decision = decide(self, &command);
        for event in decision.events {
            sink.write(event, self).await;
        }
        self.keep(decision.word);
        Ok(())
    }

    fn apply(&mut self, event: Event) {
        self.evolve(event);
    }
}

impl TokenView {
    /// What [`View::update`] does, for readers that have the event and no envelope.
    pub fn follow(&mut self, event: Event) {
        self.token.evolve(event);
    }

    pub const fn token(&self) -> &Token {
        &self.token
    }
}

impl View<Token> for TokenView {
    fn update(&mut self, event: &EventEnvelope<Token>) {
        self.follow(event.payload.clone());
    }
}
