//! The order of pointers: facts come source by source and line by line, and populations are written so. What keeps that order
//! on its way through a query need not be sorted again.

use std::sync::Arc;

use arrow::compute::SortOptions;
use arrow::datatypes::Schema;
use datafusion::logical_expr::SortExpr;
use datafusion::physical_expr::expressions::col as physical_column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties as _};
use datafusion::prelude::col;

/// What makes a pointer.
const POINTER: [&str; 2] = ["source", "line"];

/// The order as a table is said to have it.
pub(super) fn pointer_order() -> Vec<SortExpr> {
    POINTER.iter().map(|column| col(*column).sort(true, false)).collect()
}

/// The plan as one stream in the order of pointers, where it has pointers and keeps their order anyhow.
pub(super) fn in_pointer_order(plan: &Arc<dyn ExecutionPlan>) -> Option<Arc<dyn ExecutionPlan>> {
    let order = ordering(&plan.schema())?;
    if !plan.equivalence_properties().ordering_satisfy(order.clone()).ok()? {
        return None;
    }
    let parts = plan.output_partitioning().partition_count();
    let plan = Arc::clone(plan);
    Some(if parts == 1 { plan } else { Arc::new(SortPreservingMergeExec::new(order, plan)) })
}

fn ordering(schema: &Schema) -> Option<LexOrdering> {
    let options = SortOptions { descending: false, nulls_first: false };
    let columns = POINTER.iter().map(|column| Some(PhysicalSortExpr::new(physical_column(column, schema).ok()?, options)));
    LexOrdering::new(columns.collect::<Option<Vec<_>>>()?)
}
