//! What services are answered.
