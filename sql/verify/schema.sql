SELECT 'accepted'::flashsale.outcome, 'unknown_code'::flashsale.outcome;
