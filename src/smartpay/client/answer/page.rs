//! Pages: `{object: "collection", data, nextPageToken?}`; the last has no `nextPageToken` (SDKs).

use serde_json::Value;

use crate::smartpay::client::answer::Received;
use crate::smartpay::client::answer::fields;
use crate::smartpay::client::answer::wrong::Wrong;
use crate::smartpay::client::paging::Page;
use crate::smartpay::client::paging::PageToken;
use crate::smartpay::object;

/// An odd row is an odd row; an odd end of the page makes all of it wrong, because a list that only
/// seems to be complete is worse than none.
pub(super) fn read<T>(
    received: Received<'_>,
    asked: Option<&PageToken>,
    row: impl Fn(&Value) -> Result<T, Wrong>,
) -> Result<Page<T>, Wrong> {
    let fields = received.object()?;
    object::object_is(&fields, "collection").map_err(|_| Wrong::Shape("object"))?;
    let rows = fields::list(&fields, "data")?.iter().map(row).collect();
    let next = fields::optional_text(&fields, "nextPageToken")?
        .map(PageToken::parse)
        .transpose()
        .map_err(|_| Wrong::Shape("nextPageToken"))?;
    if next.is_some() && next.as_ref() == asked {
        return Err(Wrong::PageRepeats);
    }
    Ok(Page { rows, next })
}
