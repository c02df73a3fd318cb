//! `reconnectOnError`: the client says what a refusal means for the connection. Until it has, the
//! refused call is kept, and nothing behind it is sent.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use redis::Value;
use tokio::sync::oneshot;

use super::{Calls, Leave};
use crate::connection::carried::Carried;
use crate::connection::host::Reaction;
use crate::connection::reply::refusal;
use crate::error::Error;
use crate::fault;

/// Refused calls whose client has been asked, in the order of their answers.
pub(super) type Reactions = VecDeque<Asked>;

pub(super) struct Asked {
    call: Carried,
    replies: Vec<Value>,
    answer: oneshot::Receiver<Reaction>,
}

impl Calls {
    /// Hands an answer to its call; asks the client first where it is a refusal.
    pub(super) fn present(&mut self, call: Carried, replies: Vec<Value>) {
        let refused = replies.iter().find_map(refusal);
        match refused.filter(|_| self.terms.reactions) {
            None => {
                self.unhinder();
                self.deliver(call, replies);
            }
            Some(refused) => {
                let answer = self.host.reaction(&Error::server(refused));
                self.reactions.push_back(Asked {
                    call,
                    replies,
                    answer,
                });
            }
        }
    }

    /// Does what the client has said.
    pub(super) fn react(&mut self, context: &mut Context<'_>) {
        while let Some(asked) = self.reactions.front_mut() {
            let Poll::Ready(answer) = Pin::new(&mut asked.answer).poll(context) else {
                return;
            };
            if let Some(asked) = self.reactions.pop_front() {
                // A client that does not answer has ended.
                self.follow(asked, answer.unwrap_or(Reaction::Stay));
            }
        }
    }

    fn follow(&mut self, Asked { call, replies, .. }: Asked, reaction: Reaction) {
        fault::point("reaction");
        if reaction != Reaction::Stay {
            self.turn_away(Leave::Anew);
        }
        if reaction == Reaction::Resend && self.waits_longer(false) {
            self.make_again(call, &replies);
        } else {
            self.unhinder();
            self.deliver(call, replies);
        }
    }

    /// Hands over the answers that the client has not judged: their connection is gone anyway.
    pub(super) fn deliver_unjudged(&mut self) {
        for Asked { call, replies, .. } in std::mem::take(&mut self.reactions) {
            self.deliver(call, replies);
        }
    }
}
