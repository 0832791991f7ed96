//! Where a process may die in a test: before and after everything that lasts.

use std::fmt;
use std::sync::Arc;

/// A place between two steps, of which the first may last without the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    BeforeIntent,
    AfterIntent,
    BeforeCall,
    AfterCall,
    /// Around the commit of the answer to a call.
    BeforeAnswerKept,
    AfterAnswerKept,
    BeforeReading,
    AfterReading,
    /// Around the commit of what was read, which settles.
    BeforeSettlement,
    AfterSettlement,
}

/// In production nobody dies here.
#[derive(Clone, Default)]
pub struct Points(Option<Arc<dyn Fn(Point) -> bool + Send + Sync>>);

impl Point {
    pub const ALL: [Self; 10] = [
        Self::BeforeIntent,
        Self::AfterIntent,
        Self::BeforeCall,
        Self::AfterCall,
        Self::BeforeAnswerKept,
        Self::AfterAnswerKept,
        Self::BeforeReading,
        Self::AfterReading,
        Self::BeforeSettlement,
        Self::AfterSettlement,
    ];
}

impl Points {
    /// `dies` is asked at every point; where it says yes, nothing of the caller goes on.
    pub fn dying(dies: impl Fn(Point) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(dies)))
    }

    pub async fn pass(&self, point: Point) {
        if self.0.as_ref().is_some_and(|dies| dies(point)) {
            std::future::pending::<()>().await;
        }
    }
}

impl fmt::Debug for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Points")
    }
}
