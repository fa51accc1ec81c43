// Made by: fairlead types credit-risk
// credit-risk: release 1, sha256:3e624c7899d20038da8b5217998542618f0411df40ac86ca0a98579ae0be38c6

/** A row for credit-risk. */
export interface CreditRiskRow {
  /**
   * Age of the applicant (sensitive).
   * Unit: years. From 18 to 120. int64.
   */
  age: number
  /**
   * Sex as recoded from the original code book (sensitive, not to be trusted).
   * string.
   */
  sex: 'female' | 'male'
  /**
   * 0 unskilled and not resident, 1 unskilled, 2 skilled, 3 highly skilled.
   * From 0 to 3. int64.
   */
  job: number
  /**
   * How the applicant lives.
   * string.
   */
  housing: 'own' | 'rent' | 'free'
  /**
   * What is on savings accounts.
   * string.
   */
  saving_accounts: 'little' | 'moderate' | 'quite_rich' | 'rich' | 'not_known'
  /**
   * What is on the checking account.
   * string.
   */
  checking_account: 'little' | 'moderate' | 'rich' | 'not_known'
  /**
   * Amount asked for.
   * Unit: Deutsche Mark. From 1 to 1000000. int64.
   */
  credit_amount: number
  /**
   * Months until it is paid back.
   * Unit: months. From 1 to 120. int64.
   */
  duration: number
  /**
   * What the credit is for.
   * string.
   */
  purpose: 'car' | 'radio_tv' | 'furniture_equipment' | 'business' | 'education' | 'repairs' | 'domestic_appliances' | 'vacation_others'
}

/** What credit-risk answers to a row. */
export interface CreditRiskPrediction {
  /** Whether the risk of this credit is good or bad. */
  label: 'bad' | 'good'
  /**
   * Probability of each class.
   * float32.
   */
  probabilities: Record<'bad' | 'good', number>
  decision: 'review' | 'accept'
}

/** For createClient<Deployments>() of @fairlead/client. */
export interface Deployments {
  'credit-risk': {
    row: CreditRiskRow
    prediction: CreditRiskPrediction
    inputs: {
      age: 'INT64'
      sex: 'BYTES'
      job: 'INT64'
      housing: 'BYTES'
      saving_accounts: 'BYTES'
      checking_account: 'BYTES'
      credit_amount: 'INT64'
      duration: 'INT64'
      purpose: 'BYTES'
    }
    outputs: { output_label: 'INT64'; output_probability: 'FP32'; decision: 'BYTES' }
  }
}
