//! Calls to Smartpay's API: what is asked, what became of it, and what an answer says.
//!
//! Three steps that know nothing of each other. A `Call` is a request as a value. `Client::send`
//! sends it, again where that is safe, and says exactly what became of it: answered, certainly not
//! sent, or unknown. `answer` reads the kept bytes of an answer, at once or years later. Every
//! answer is untrusted.
//!
//! What is known of the vendor's ways is documented by it, or only seen in its SDKs; comments say
//! which where they rely on it. Documented: the raw key after `Basic`; a mode per key; the header
//! `Idempotency-Key` on POST, PUT and PATCH for six hours, and a replay marked by a header beginning
//! `Idempot`; the token object and its 404 `token.not-found`. From the SDKs: the shapes of sessions,
//! pages, errors and of the odd 401; an empty 200 to enable and disable; 204 to DELETE. Unknown: rate
//! limits and 429, whether `Retry-After` is ever sent, repeated DELETE, the largest page, the life of
//! a page token.
//!
//! Deliberately absent: redirects, proxies, compression, cookies, HTTP/2: hyper's own client has none
//! of the former, and none of the latter is switched on. The environment is read only by the loader
//! of the system's root certificates.

/// Where the API is.
mod url;
/// The key that opens it.
mod secret_key;
/// The key under which a repeated request is still the same.
mod idempotency_key;
/// Texts within a URL.
mod encode;
/// A page of a list.
mod paging;
/// What a session or an endpoint is created from.
mod create;
/// Requests as values.
mod call;
/// What became of a call.
mod outcome;
/// `Retry-After`.
mod retry_after;
/// Limits of time and number.
mod limits;
/// One try over one connection.
mod transport;
/// As many tries as are safe and useful.
mod send;
/// What an answer says.
pub mod answer;

pub use crate::smartpay::client::call::Call;
pub use crate::smartpay::client::create::Locale;
pub use crate::smartpay::client::create::NewEndpoint;
pub use crate::smartpay::client::create::NewSession;
pub use crate::smartpay::client::idempotency_key::IdempotencyKey;
pub use crate::smartpay::client::idempotency_key::NotAnIdempotencyKey;
pub use crate::smartpay::client::limits::COMMAND_DEADLINE;
pub use crate::smartpay::client::limits::Limits;
pub use crate::smartpay::client::outcome::Answer;
pub use crate::smartpay::client::outcome::Called;
pub use crate::smartpay::client::outcome::Earlier;
pub use crate::smartpay::client::outcome::NotSent;
pub use crate::smartpay::client::outcome::Outcome;
pub use crate::smartpay::client::outcome::Unknown;
pub use crate::smartpay::client::paging::NotAPageToken;
pub use crate::smartpay::client::paging::Page;
pub use crate::smartpay::client::paging::PageSize;
pub use crate::smartpay::client::paging::PageToken;
pub use crate::smartpay::client::secret_key::NotASecretKey;
pub use crate::smartpay::client::secret_key::SecretKey;
pub use crate::smartpay::client::send::Client;
pub use crate::smartpay::client::transport::ANSWER_BYTES_MAX;
pub use crate::smartpay::client::transport::NoRoots;
pub use crate::smartpay::client::url::ApiUrl;
pub use crate::smartpay::client::url::NotAnApiUrl;
