//! Reports, figures, exports and comparisons: formats what `etastar-analysis` computed, and knows
//! nothing of how a number came about.
//!
//! ```
//! use etastar_report::export::{TableName, table};
//! use etastar_search::mock;
//!
//! // One cell whose three repeats found these log2 of eta*.
//! let cell = mock::searched(mock::search_cell(&[64; 4], 1.0), &[-1.5, -1.25, -1.75]);
//! let cells = table(&mock::store(vec![cell]), TableName::Cells, true);
//! assert_eq!(cells.rows.len(), 1);
//! assert!(cells.position("eta_star").is_some());
//! ```

pub mod compare;
pub mod export;
mod figure;
pub mod page;
